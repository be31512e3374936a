#include "libos/fs/log/file/records.hpp"

#include <algorithm>

#include "kernel/base/result.hpp"
#include "libos/fs/name_hash.hpp"
#include "libos/fs/posix/name.hpp"

namespace libos::fs::log {

namespace {

constexpr std::size_t record_bytes(std::size_t name, std::size_t value) {
    return (sizeof(RecordHead) + name + value + 7) / 8 * 8;
}

std::uint64_t first_block(Table table) {
    return table == Table::attributes ? attributes_first : 0;
}

std::uint32_t depth_of(const File& file, Table table) {
    return table == Table::attributes ? file.node.attribute_depth : file.node.depth;
}

std::uint32_t levels_of(Table table) {
    return table == Table::attributes ? attribute_levels_max : directory_levels_max;
}

std::string_view name_of(std::span<const std::byte> block, std::size_t at,
                         const RecordHead& head) {
    return {reinterpret_cast<const char*>(block.data() + at + sizeof head), head.name_bytes};
}

// The first run of gaps with so many bytes: where it begins, and its bytes; 0: none.
Result<std::pair<std::size_t, std::size_t>> find_gap(std::span<const std::byte> block,
                                                     std::size_t wanted) {
    std::size_t begin = records_at;
    for (std::size_t at = records_at; at < block.size();) {
        const RecordHead head = TRY(record_at(block, at));
        at += head.bytes;
        if (head.name_bytes != 0) begin = at;
        else if (at - begin >= wanted) return std::pair{begin, at - begin};
    }
    return std::pair{std::size_t{0}, std::size_t{0}};
}

}  // namespace

Result<RecordHead> record_at(std::span<const std::byte> block, std::size_t offset) {
    if (block.size() - offset < sizeof(RecordHead)) return error(Error::corrupt);
    const auto head = load<RecordHead>(block, offset);
    const bool good = head.bytes % 8 == 0 && head.bytes >= sizeof head &&
                      head.bytes <= block.size() - offset &&
                      (head.name_bytes == 0 ||
                       (head.name_bytes <= posix::name_max && head.value_bytes <= attribute_max &&
                        sizeof head + head.name_bytes + head.value_bytes <= head.bytes &&
                        head.kind <= static_cast<std::uint16_t>(Kind::symlink)));
    if (!good) return error(Error::corrupt);
    return head;
}

Result<std::span<const std::byte>> Records::block(const File& file, Table table,
                                                  std::uint64_t index) {
    const std::uint64_t at = first_block(table) + index;
    const Address address = TRY(map_->find(file, at));
    if (address == 0) return std::span<const std::byte>{};
    return store_->read(address, BlockMap::identity(file, at));
}

Result<Records::Found> Records::find(const File& file, Table table, std::string_view name) {
    const std::uint64_t hash = name_hash(name);
    for (std::uint32_t level = 0; level < depth_of(file, table); ++level) {
        const std::uint64_t index = bucket(hash, level);
        const auto bytes = TRY(block(file, table, index));
        for (std::size_t at = records_at; at < bytes.size();) {
            const RecordHead head = TRY(record_at(bytes, at));
            if (head.name_bytes == name.size() && name_of(bytes, at, head) == name) {
                return Found{Record{index * block_bytes + at, head}};
            }
            at += head.bytes;
        }
    }
    return Found{};
}

Result<Records::Found> Records::next(const File& file, Table table, std::uint64_t position) {
    const std::uint64_t first = first_block(table);
    const std::uint64_t end = first + (std::uint64_t{1} << depth_of(file, table)) - 1;
    for (std::uint64_t index = position / block_bytes;; ++index) {
        if (index >= end - first) return Found{};
        const auto there = TRY(map_->next(file, first + index, end));
        if (!there) return Found{};
        std::size_t from = *there == first + position / block_bytes ? position % block_bytes : 0;
        index = *there - first;
        const auto bytes = TRY(block(file, table, index));
        for (std::size_t at = records_at; at < bytes.size();) {
            const RecordHead head = TRY(record_at(bytes, at));
            if (at >= from && head.name_bytes != 0) {
                return Found{Record{index * block_bytes + at, head}};
            }
            at += head.bytes;
        }
    }
}

Result<std::span<const std::byte>> Records::text(const File& file, Table table,
                                                 const Record& record) {
    const auto bytes = TRY(block(file, table, record.position / block_bytes));
    if (bytes.empty()) return error(Error::corrupt);
    return bytes.subspan(record.position % block_bytes + sizeof(RecordHead),
                         std::size_t{record.head.name_bytes} + record.head.value_bytes);
}

Result<std::uint64_t> Records::vacancy(const File& file, Table table, std::string_view name,
                                       std::size_t value_bytes) {
    const std::uint64_t hash = name_hash(name);
    const std::size_t wanted = record_bytes(name.size(), value_bytes);
    const std::uint32_t depth = depth_of(file, table);
    for (std::uint32_t level = 0; level < depth; ++level) {
        const std::uint64_t index = bucket(hash, level);
        const auto bytes = TRY(block(file, table, index));
        if (bytes.empty() || TRY(find_gap(bytes, wanted)).second != 0) return index;
    }
    if (depth == levels_of(table)) return error(Error::no_space);
    return bucket(hash, depth);
}

Result<void> Records::insert(File& file, Table table, std::uint64_t block, RecordHead head,
                             std::string_view name, std::span<const std::byte> value) {
    const auto bytes = TRY(map_->change(file, first_block(table) + block));
    constexpr auto all = static_cast<std::uint16_t>(block_bytes - records_at);
    if (load<RecordHead>(bytes, records_at).bytes == 0) {
        store(bytes, records_at, RecordHead{0, all, 0, 0, 0});
    }
    const std::size_t wanted = record_bytes(name.size(), value.size());
    const auto [at, room] = TRY(find_gap(bytes, wanted));
    if (room == 0) return error(Error::corrupt);
    // What would be too small for a record stays with this one.
    const bool split = room - wanted >= 2 * sizeof head;
    head.bytes = static_cast<std::uint16_t>(split ? wanted : room);
    head.name_bytes = static_cast<std::uint16_t>(name.size());
    head.value_bytes = static_cast<std::uint16_t>(value.size());
    if (split) {
        store(bytes, at + wanted,
              RecordHead{0, static_cast<std::uint16_t>(room - wanted), 0, 0, 0});
    }
    store(bytes, at, head);
    std::ranges::copy(std::as_bytes(std::span{name}), bytes.begin() + at + sizeof head);
    std::ranges::copy(value, bytes.begin() + at + sizeof head + name.size());
    const auto depth = static_cast<std::uint8_t>(level_of(block) + 1);
    std::uint8_t& kept =
        table == Table::attributes ? file.node.attribute_depth : file.node.depth;
    kept = std::max(kept, depth);
    return {};
}

Result<void> Records::remove(File& file, Table table, const Record& record) {
    const std::uint64_t index = first_block(table) + record.position / block_bytes;
    const auto bytes = TRY(map_->change(file, index));
    const std::size_t at = record.position % block_bytes;
    store(bytes, at, RecordHead{0, record.head.bytes, 0, 0, 0});
    constexpr std::size_t all = block_bytes - records_at;
    if (TRY(find_gap(bytes, all)).second != all) return {};
    static_cast<void>(TRY(map_->clear(file, index)));
    return {};
}

Result<void> Records::replace(File& file, const Record& record, std::uint64_t inode, Kind kind) {
    const auto bytes = TRY(map_->change(file, record.position / block_bytes));
    RecordHead head = record.head;
    head.inode = inode;
    head.kind = static_cast<std::uint16_t>(kind);
    store(bytes, record.position % block_bytes, head);
    return {};
}

}  // namespace libos::fs::log
