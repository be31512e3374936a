#pragma once

/// A map item taken apart: for each of a chunk's 64 blocks where it lies, and its checksum.

#include <array>
#include <cstdint>
#include <span>

#include "libos/fs/cofs/layout.hpp"

namespace libos::fs::cofs {

struct Chunk {
    std::array<BlockNumber, chunk_blocks> block{};      ///< 0: a hole
    std::array<std::uint32_t, chunk_blocks> checksum{};

    /// Error::corrupt where the value is no map item.
    static Result<Chunk> decode(std::span<const std::byte> value);
    /// Bytes used of `into`; 0: all holes, no item.
    [[nodiscard]] std::size_t encode(std::span<std::byte, payload_max> into) const;
};

}  // namespace libos::fs::cofs
