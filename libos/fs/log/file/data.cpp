#include "libos/fs/log/file/data.hpp"

#include <cstring>

#include "kernel/base/result.hpp"

namespace libos::fs::log {

namespace {

/// A part of one block.
struct Part {
    std::uint64_t block = 0;
    std::size_t at = 0;
    std::size_t bytes = 0;
};

Part part_at(std::uint64_t offset, std::uint64_t bytes) {
    const std::size_t at = offset % block_bytes;
    return {offset / block_bytes, at, std::min<std::uint64_t>(bytes, block_bytes - at)};
}

}  // namespace

Result<void> FileData::read(const File& file, std::uint64_t offset, std::span<std::byte> into) {
    if (into.empty()) return {};
    if (file.node.embedded != 0) {
        const auto bytes = TRY(inodes_->block(file.number)).subspan(content_at + offset);
        std::memcpy(into.data(), bytes.data(), into.size());
        return {};
    }
    for (std::size_t done = 0; done < into.size();) {
        const Part part = part_at(offset + done, into.size() - done);
        const Address at = TRY(map_->find(file, part.block));
        if (at == 0) {
            std::memset(into.data() + done, 0, part.bytes);
        } else {
            const auto bytes = TRY(store_->read(at, BlockMap::identity(file, part.block)));
            std::memcpy(into.data() + done, bytes.data() + part.at, part.bytes);
        }
        done += part.bytes;
    }
    return {};
}

// The bytes in the inode's block, to be changed.
Result<std::span<std::byte>> FileData::embedded(const File& file) {
    TRY(store_->reserve(1));
    return TRY(inodes_->change(file.number)).subspan(content_at);
}

// The bytes get a block of their own; the inode's hold addresses from now on.
Result<void> FileData::leave_inode(File& file) {
    TRY(store_->reserve(2));
    const auto bytes = TRY(inodes_->change(file.number)).subspan(content_at);
    Address block = 0;
    if (file.node.size > 0) {
        block = TRY(store_->move(0, BlockMap::identity(file, 0)));
        std::memcpy(store_->writer().bytes(block).data(), bytes.data(), file.node.size);
        ++file.node.blocks;
    }
    std::memset(bytes.data(), 0, bytes.size());
    store(bytes, 0, block);
    file.node.embedded = 0;
    return {};
}

Result<void> FileData::write(File& file, std::uint64_t offset, std::span<const std::byte> from) {
    const std::uint64_t end = offset + from.size();
    if (file.node.embedded != 0 && end <= content_bytes) {
        const auto bytes = TRY(embedded(file));
        std::memcpy(bytes.data() + offset, from.data(), from.size());
        file.node.size = std::max(file.node.size, end);
        return {};
    }
    if (file.node.embedded != 0) TRY(leave_inode(file));
    for (std::size_t done = 0; done < from.size();) {
        const Part part = part_at(offset + done, from.size() - done);
        const auto bytes = TRY(map_->change(file, part.block, part.bytes == block_bytes));
        std::memcpy(bytes.data() + part.at, from.data() + done, part.bytes);
        done += part.bytes;
    }
    file.node.size = std::max(file.node.size, end);
    return {};
}

Result<void> FileData::truncate(File& file, std::uint64_t size) {
    const std::uint64_t before = file.node.size;
    if (file.node.embedded != 0 && size > content_bytes) TRY(leave_inode(file));
    if (file.node.embedded != 0) {
        const auto bytes = TRY(embedded(file));
        if (size < before) std::memset(bytes.data() + size, 0, before - size);
    } else if (size < before) {
        TRY(map_->shorten(file, (size + block_bytes - 1) / block_bytes));
        const std::size_t at = size % block_bytes;
        if (at != 0) TRY(clear(file, size, size - at + block_bytes));
    }
    file.node.size = size;
    return {};
}

Result<void> FileData::fill(File& file, std::uint64_t first, std::uint64_t last) {
    if (file.node.embedded != 0) TRY(leave_inode(file));
    for (std::uint64_t b = first; b <= last; ++b) {
        if (TRY(map_->find(file, b)) == 0) static_cast<void>(TRY(map_->change(file, b)));
    }
    return {};
}

Result<void> FileData::clear(File& file, std::uint64_t offset, std::uint64_t end) {
    if (file.node.embedded != 0) {
        end = std::min(end, file.node.size);
        if (offset >= end) return {};
        std::memset(TRY(embedded(file)).data() + offset, 0, end - offset);
        return {};
    }
    while (offset < end) {
        const Part part = part_at(offset, end - offset);
        if (part.bytes == block_bytes) {
            static_cast<void>(TRY(map_->clear(file, part.block)));
        } else if (TRY(map_->find(file, part.block)) != 0) {
            std::memset(TRY(map_->change(file, part.block)).data() + part.at, 0, part.bytes);
        }
        offset += part.bytes;
    }
    return {};
}

Result<std::uint32_t> FileData::mapped(const File& file, std::uint64_t first,
                                       std::uint64_t last) {
    std::uint32_t count = 0;
    if (file.node.embedded != 0) return count;
    for (std::uint64_t b = first; b <= last; ++b) {
        count += TRY(map_->find(file, b)) != 0 ? 1 : 0;
    }
    return count;
}

Result<void> FileData::remove(std::uint64_t number) {
    const File file = TRY(inodes_->load(number));
    TRY(map_->release_all(file));
    return store_->free_inode(number);
}

}  // namespace libos::fs::log
