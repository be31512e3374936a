/// Reading, writing and the space of files.

#include <algorithm>

#include "kernel/base/result.hpp"
#include "libos/fs/cofs/cofs.hpp"

namespace libos::fs::cofs {

Result<File> Cofs::regular(Inode inode) {
    if (store_.failed()) return error(Error::io);
    const File file = TRY(inodes_.load(static_cast<std::uint64_t>(inode)));
    if (file.kind() == Kind::directory) return error(Error::is_directory);
    if (file.kind() != Kind::file) return error(Error::invalid);
    return file;
}

Result<std::size_t> Cofs::read(Inode inode, std::uint64_t offset, std::span<std::byte> into) {
    const File file = TRY(regular(inode));
    if (offset >= file.body.size) return 0;
    const std::size_t part = std::min<std::uint64_t>(into.size(), file.body.size - offset);
    TRY(data_.read(file, offset, into.first(part)));
    return part;
}

Result<std::size_t> Cofs::write(Inode inode, std::uint64_t offset,
                                std::span<const std::byte> from) {
    const File file = TRY(regular(inode));
    if (from.empty()) return 0;
    if (offset > file_size_max || from.size() > file_size_max - offset) {
        return error(Error::file_too_big);
    }
    std::size_t done = 0;
    while (done < from.size()) {
        const auto part = write_part(file.number, offset + done, from.subspan(done));
        if (!part && done > 0 && part.error() == Error::no_space) break;
        done += TRY(part);
    }
    return done;
}

// As much as lies in one chunk and has room.
Result<std::size_t> Cofs::write_part(std::uint64_t number, std::uint64_t offset,
                                     std::span<const std::byte> from) {
    File file = TRY(inodes_.load(number));
    const std::uint64_t begin = offset % chunk_bytes;
    std::uint64_t bytes = std::min<std::uint64_t>(from.size(), chunk_bytes - begin);
    const auto first = static_cast<std::uint32_t>(begin / block_bytes);
    auto last = static_cast<std::uint32_t>((begin + bytes - 1) / block_bytes);
    const std::uint64_t chunk = offset / chunk_bytes;
    const std::uint32_t mapped = TRY(data_.mapped(file, chunk, first, last));
    const bool grows = mapped < last - first + 1;
    // With little room left: what there is, or what overwriting may borrow.
    const std::uint32_t room = grows ? store_.growable() : Store::reserve_blocks / 4;
    if (last - first + 1 > room && store_.growable() <= chunk_blocks) {
        if (room == 0) return error(Error::no_space);
        last = first + room - 1;
        bytes = std::min<std::uint64_t>(bytes, (last + 1) * std::uint64_t{block_bytes} - begin);
    }
    TRY(store_.begin(grows ? Effect::grows : Effect::overwrites, last - first + 1));
    TRY(data_.write(file, offset, from.first(bytes)));
    stamp(file.body, true);
    TRY(store_.acted(inodes_.save(file)));
    return bytes;
}

Result<void> Cofs::truncate(Inode inode, std::uint64_t size) {
    File file = TRY(regular(inode));
    if (size > file_size_max) return error(Error::file_too_big);
    TRY(store_.begin(Effect::shrinks, 1));
    if (size < file.body.size) TRY(data_.shorten(file, size));
    file.body.size = size;
    stamp(file.body, true);
    return store_.acted(inodes_.save(file));
}

Result<void> Cofs::allocate(Inode inode, std::uint64_t offset, std::uint64_t bytes,
                            bool keep_size) {
    File file = TRY(regular(inode));
    if (bytes == 0) return error(Error::invalid);
    if (offset > file_size_max || bytes > file_size_max - offset) {
        return error(Error::file_too_big);
    }
    const std::uint64_t first = offset / block_bytes;
    const std::uint64_t last = (offset + bytes - 1) / block_bytes;
    std::uint64_t there = 0;
    for (std::uint64_t chunk = first / chunk_blocks; chunk <= last / chunk_blocks; ++chunk) {
        const auto next = data_.next_chunk(file.number, chunk);
        if (!next && next.error() == Error::no_entry) break;
        chunk = TRY(next);
        if (chunk > last / chunk_blocks) break;
        const std::uint64_t base = chunk * chunk_blocks;
        there += TRY(data_.mapped(
            file, chunk, static_cast<std::uint32_t>(std::max(first, base) - base),
            static_cast<std::uint32_t>(std::min(last, base + chunk_blocks - 1) - base)));
    }
    if (last - first + 1 - there > store_.growable()) return error(Error::no_space);
    for (std::uint64_t b = first; b <= last;) {
        const std::uint64_t chunk = b / chunk_blocks;
        const std::uint64_t end = std::min(last, chunk * chunk_blocks + chunk_blocks - 1);
        TRY(store_.begin(Effect::grows, static_cast<std::uint32_t>(end - b + 1)));
        TRY(data_.fill(file, chunk, static_cast<std::uint32_t>(b % chunk_blocks),
                       static_cast<std::uint32_t>(end % chunk_blocks)));
        TRY(store_.acted(inodes_.save(file)));
        b = end + 1;
    }
    TRY(store_.begin(Effect::shrinks));
    if (!keep_size) file.body.size = std::max(file.body.size, offset + bytes);
    stamp(file.body, true);
    return store_.acted(inodes_.save(file));
}

Result<void> Cofs::punch(Inode inode, std::uint64_t offset, std::uint64_t bytes) {
    File file = TRY(regular(inode));
    if (bytes == 0) return error(Error::invalid);
    if (offset > file_size_max || bytes > file_size_max - offset) {
        return error(Error::file_too_big);
    }
    const std::uint64_t end = offset + bytes;
    while (offset < end) {
        const auto next = data_.next_chunk(file.number, offset / chunk_bytes);
        if (!next && next.error() == Error::no_entry) break;
        offset = std::max(offset, TRY(next) * chunk_bytes);
        if (offset >= end) break;
        const std::uint64_t part = std::min(end - offset, chunk_bytes - offset % chunk_bytes);
        TRY(store_.begin(Effect::overwrites, 2));
        TRY(data_.clear(file, offset, part));
        TRY(store_.acted(inodes_.save(file)));
        offset += part;
    }
    TRY(store_.begin(Effect::shrinks));
    stamp(file.body, true);
    return store_.acted(inodes_.save(file));
}

}  // namespace libos::fs::cofs
