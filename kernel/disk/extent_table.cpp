#include "kernel/disk/extent_table.hpp"

#include <cstring>

#include "kernel/base/assert.hpp"
#include "kernel/trace/history.hpp"

namespace kernel::disk {

namespace {

constexpr ExtentName no_name{0, 0};

std::uint64_t checksum_of(const ExtentTable& table) {
    const auto* words = reinterpret_cast<const std::uint64_t*>(&table);
    constexpr std::size_t skipped = offsetof(ExtentTable, checksum) / sizeof(std::uint64_t);
    std::uint64_t sum = abi::extent_table_magic;
    for (std::size_t i = 0; i < sizeof(ExtentTable) / sizeof(std::uint64_t); ++i) {
        if (i != skipped) sum = trace::mix(sum, words[i]);
    }
    return sum;
}

// A block behind the record, which may be 2^32.
constexpr std::uint64_t end_of(const ExtentRecord& record) {
    return std::uint64_t{record.first} + record.count;
}

bool named_before(const ExtentTable& table, std::uint32_t index) {
    for (std::uint32_t i = 0; i < index; ++i) {
        if (table.records[i].name == table.records[index].name) return true;
    }
    return false;
}

// How many records lie before `block`: the first whose end is behind it.
std::uint32_t place_of(const ExtentTable& table, std::uint64_t block) {
    std::uint32_t low = 0;
    std::uint32_t high = table.count;
    while (low < high) {
        const std::uint32_t middle = low + (high - low) / 2;
        if (end_of(table.records[middle]) <= block) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

// The lowest place with room for `count` blocks, as the number of its record; its block in `first`.
bool find_room(const ExtentTable& table, std::uint64_t count, std::uint64_t& first) {
    first = abi::disk_first_block;
    for (std::uint32_t i = 0; i < table.count; ++i) {
        if (table.records[i].first - first >= count) return true;
        first = end_of(table.records[i]);
    }
    return table.blocks - first >= count;
}

}  // namespace

void clear(ExtentTable& table, std::uint32_t blocks) {
    CHITIN_ASSERT(blocks >= blocks_min);
    std::memset(static_cast<void*>(&table), 0, sizeof table);
    table.magic = abi::extent_table_magic;
    table.blocks = blocks;
}

void seal(ExtentTable& table) { table.checksum = checksum_of(table); }

bool sound(const ExtentTable& table, std::uint32_t blocks) {
    if (!claims(table) || table.checksum != checksum_of(table)) return false;
    if (table.blocks != blocks || blocks < blocks_min || table.count > abi::extents_max) {
        return false;
    }
    std::uint64_t behind = abi::disk_first_block;
    for (std::uint32_t i = 0; i < table.count; ++i) {
        const ExtentRecord& record = table.records[i];
        if (record.count == 0 || record.first < behind || end_of(record) > blocks) return false;
        if (record.name == no_name || named_before(table, i)) return false;
        behind = end_of(record);
    }
    return true;
}

bool zero(std::span<const std::byte> bytes) {
    for (const std::byte byte : bytes) {
        if (byte != std::byte{0}) return false;
    }
    return true;
}

ExtentRecord* find(ExtentTable& table, const ExtentName& name) {
    for (std::uint32_t i = 0; i < table.count; ++i) {
        if (table.records[i].name == name) return &table.records[i];
    }
    return nullptr;
}

Result<ExtentRecord*> insert(ExtentTable& table, std::uint64_t first, std::uint64_t count,
                             const ExtentName& name) {
    const bool any = first == abi::any_block;
    if (!any && (first < abi::disk_first_block || first >= table.blocks)) {
        return base::error(Status::bad_argument);
    }
    const std::uint64_t room = table.blocks - (any ? abi::disk_first_block : first);
    if (count == 0 || count > room || name == no_name) return base::error(Status::bad_argument);
    if (find(table, name) != nullptr) return base::error(Status::extent_taken);
    if (any && !find_room(table, count, first)) return base::error(Status::no_extents);
    const std::uint32_t place = place_of(table, first);
    if (place < table.count && table.records[place].first < first + count) {
        return base::error(Status::extent_taken);
    }
    if (table.count == abi::extents_max) return base::error(Status::no_extents);
    ExtentRecord& record = table.records[place];
    std::memmove(&record + 1, &record, (table.count - place) * sizeof(ExtentRecord));
    record = ExtentRecord{};
    record.name = name;
    record.first = static_cast<std::uint32_t>(first);
    record.count = static_cast<std::uint32_t>(count);
    table.count++;
    return &record;
}

void remove(ExtentTable& table, ExtentRecord& record) {
    const auto place = static_cast<std::uint32_t>(&record - table.records);
    CHITIN_ASSERT(place < table.count);
    table.count--;
    std::memmove(&record, &record + 1, (table.count - place) * sizeof(ExtentRecord));
    table.records[table.count] = ExtentRecord{};
}

}  // namespace kernel::disk
