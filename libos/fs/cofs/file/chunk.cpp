#include "libos/fs/cofs/file/chunk.hpp"

namespace libos::fs::cofs {

namespace {

constexpr std::size_t head_bytes = 8;  // the number of extents, and zeros

}  // namespace

Result<Chunk> Chunk::decode(std::span<const std::byte> value) {
    if (value.size() < head_bytes) return error(Error::corrupt);
    const auto extents = load<std::uint64_t>(value);
    if (extents == 0 || extents > chunk_blocks) return error(Error::corrupt);
    std::size_t sums = head_bytes + extents * sizeof(Extent);
    if (value.size() < sums) return error(Error::corrupt);
    Chunk chunk;
    std::uint32_t end = 0;
    for (std::uint64_t e = 0; e < extents; ++e) {
        const auto extent = load<Extent>(value, head_bytes + e * sizeof(Extent));
        const bool good = extent.block != 0 && extent.count != 0 && extent.first >= end &&
                          extent.first + extent.count <= chunk_blocks &&
                          extent.block <= 0xffff'ffff - extent.count &&
                          value.size() - sums >= extent.count * sizeof(std::uint32_t);
        if (!good) return error(Error::corrupt);
        end = std::uint32_t{extent.first} + extent.count;
        for (std::uint32_t i = 0; i < extent.count; ++i, sums += sizeof(std::uint32_t)) {
            chunk.block[extent.first + i] = extent.block + i;
            chunk.checksum[extent.first + i] = load<std::uint32_t>(value, sums);
        }
    }
    if (sums != value.size()) return error(Error::corrupt);
    return chunk;
}

std::size_t Chunk::encode(std::span<std::byte, payload_max> into) const {
    std::uint64_t extents = 0;
    std::size_t at = head_bytes;
    for (std::uint32_t i = 0; i < chunk_blocks;) {
        if (block[i] == 0) {
            ++i;
            continue;
        }
        std::uint32_t end = i + 1;
        while (end < chunk_blocks && block[end] == block[i] + (end - i)) ++end;
        store(into, at, Extent{block[i], static_cast<std::uint8_t>(i),
                               static_cast<std::uint8_t>(end - i), 0});
        at += sizeof(Extent);
        ++extents;
        i = end;
    }
    if (extents == 0) return 0;
    store(into, 0, extents);
    for (std::uint32_t i = 0; i < chunk_blocks; ++i) {
        if (block[i] == 0) continue;
        store(into, at, checksum[i]);
        at += sizeof(std::uint32_t);
    }
    return at;
}

}  // namespace libos::fs::cofs
