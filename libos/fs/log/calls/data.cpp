/// Reading, writing and the space of files.

#include <algorithm>

#include "kernel/base/result.hpp"
#include "libos/fs/log/log.hpp"

namespace libos::fs::log {

namespace {

constexpr std::uint32_t part_blocks = 16;  ///< of one operation
constexpr std::uint32_t part_bytes = part_blocks * block_bytes;
constexpr std::uint32_t path_blocks = 8;   ///< that the way to new blocks may add

Result<void> check_range(std::uint64_t offset, std::uint64_t bytes) {
    if (offset > file_size_max || bytes > file_size_max - offset) {
        return error(Error::file_too_big);
    }
    return {};
}

}  // namespace

Result<File> Log::regular(Inode inode) {
    const File file = TRY(load(inode));
    if (file.kind() == Kind::directory) return error(Error::is_directory);
    if (file.kind() != Kind::file) return error(Error::invalid);
    return file;
}

Result<std::size_t> Log::read(Inode inode, std::uint64_t offset, std::span<std::byte> into) {
    const File file = TRY(regular(inode));
    if (offset >= file.node.size) return 0;
    const std::size_t part = std::min<std::uint64_t>(into.size(), file.node.size - offset);
    TRY(data_.read(file, offset, into.first(part)));
    return part;
}

Result<std::size_t> Log::write(Inode inode, std::uint64_t offset,
                               std::span<const std::byte> from) {
    const File file = TRY(regular(inode));
    if (from.empty()) return 0;
    TRY(check_range(offset, from.size()));
    std::size_t done = 0;
    while (done < from.size()) {
        const auto part = write_part(file.number, offset + done, from.subspan(done), done > 0);
        if (!part && done > 0 && part.error() == Error::no_space) break;
        done += TRY(part);
    }
    return done;
}

// As much as one operation takes and has room.
Result<std::size_t> Log::write_part(std::uint64_t number, std::uint64_t offset,
                                    std::span<const std::byte> from, bool goes_on) {
    File file = TRY(inodes_.load(number));
    std::uint64_t bytes = std::min<std::uint64_t>(from.size(), part_bytes - offset % block_bytes);
    const bool stays = file.node.embedded != 0 && offset + bytes <= content_bytes;
    std::uint32_t fresh = 0;
    std::uint32_t count = 1;
    if (!stays) {
        const std::uint64_t first = offset / block_bytes;
        const std::uint64_t last = (offset + bytes - 1) / block_bytes;
        count = static_cast<std::uint32_t>(last - first + 1);
        fresh = count - TRY(data_.mapped(file, first, last)) + file.node.embedded;
    }
    const std::uint64_t room = store_.growable();
    if (fresh != 0 && fresh + path_blocks > room) {
        if (room <= path_blocks + 1) return error(Error::no_space);
        count = std::min(count, static_cast<std::uint32_t>(room) - path_blocks - 1);
        fresh = count + file.node.embedded;
        bytes = std::min<std::uint64_t>(
            bytes, std::uint64_t{count} * block_bytes - offset % block_bytes);
    }
    TRY(begin(fresh != 0 ? Effect::grows : Effect::overwrites,
              fresh != 0 ? std::max(count, fresh) + path_blocks : count, goes_on));
    TRY(store_.acted(data_.write(file, offset, from.first(bytes))));
    stamp(file.node, true);
    TRY(store_.acted(inodes_.save(file)));
    return bytes;
}

Result<void> Log::truncate(Inode inode, std::uint64_t size) {
    File file = TRY(regular(inode));
    if (size > file_size_max) return error(Error::file_too_big);
    TRY(begin(Effect::shrinks));
    TRY(store_.acted(data_.truncate(file, size)));
    stamp(file.node, true);
    return store_.acted(inodes_.save(file));
}

Result<void> Log::allocate(Inode inode, std::uint64_t offset, std::uint64_t bytes,
                           bool keep_size) {
    File file = TRY(regular(inode));
    if (bytes == 0) return error(Error::invalid);
    TRY(check_range(offset, bytes));
    const std::uint64_t first = offset / block_bytes;
    const std::uint64_t last = (offset + bytes - 1) / block_bytes;
    std::uint64_t there = 0;
    for (std::uint64_t b = first; b <= last; ++there) {
        const auto next = TRY(map_.next(file, b, last + 1));
        if (!next) break;
        b = *next + 1;
    }
    const std::uint64_t holes = last - first + 1 - there;
    if (holes + holes / fan_out + path_blocks > store_.growable()) return error(Error::no_space);
    for (std::uint64_t b = first; b <= last;) {
        const std::uint64_t end = std::min(last, b + part_blocks - 1);
        TRY(begin(Effect::grows, static_cast<std::uint32_t>(end - b + 1), b != first));
        TRY(store_.acted(data_.fill(file, b, end)));
        TRY(store_.acted(inodes_.save(file)));
        b = end + 1;
    }
    TRY(begin(Effect::shrinks, 0, true));
    if (!keep_size) file.node.size = std::max(file.node.size, offset + bytes);
    stamp(file.node, true);
    return store_.acted(inodes_.save(file));
}

Result<void> Log::punch(Inode inode, std::uint64_t offset, std::uint64_t bytes) {
    File file = TRY(regular(inode));
    if (bytes == 0) return error(Error::invalid);
    TRY(check_range(offset, bytes));
    const std::uint64_t end = offset + bytes;
    bool goes_on = false;
    while (offset < end && file.node.embedded == 0) {
        const auto next = TRY(map_.next(file, offset / block_bytes,
                                        (end - 1) / block_bytes + 1));
        if (!next) break;
        offset = std::max(offset, *next * block_bytes);
        const std::uint64_t stop =
            std::min(end, (offset / block_bytes + part_blocks) * block_bytes);
        TRY(begin(Effect::shrinks, part_blocks, goes_on));
        TRY(store_.acted(data_.clear(file, offset, stop)));
        TRY(store_.acted(inodes_.save(file)));
        offset = stop;
        goes_on = true;
    }
    TRY(begin(Effect::shrinks, 0, goes_on));
    if (file.node.embedded != 0) TRY(store_.acted(data_.clear(file, offset, end)));
    stamp(file.node, true);
    return store_.acted(inodes_.save(file));
}

}  // namespace libos::fs::log
