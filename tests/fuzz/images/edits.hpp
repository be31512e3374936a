// Edits: what an input of fuzz_images does to a valid image before anybody looks at it.
//
// Every string of bytes is a list of edits of 8 bytes, so that no change to it is lost:
//
//   | how | which block: 2 | where in it: 2 | value: 3 |
//   how   width:2 (1 2 4 8 bytes) | any:1 | set add bits small:2 | unsealed:1 | front:1 | - |
//
// An edit meets a block of metadata unless it says `any`; afterwards the block's checksum is made
// to match, unless it says `unsealed`: otherwise nothing behind a checksum would ever be reached.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tests/fuzz/images/overlay_device.hpp"

namespace tests::fuzz {

inline constexpr std::size_t edit_bytes = 8;
inline constexpr std::size_t edits_max = 24;

// What a format knows of its blocks; both in units of `bytes` from the device's beginning.
struct Sealing {
    std::uint32_t block_bytes;
    bool (*metadata)(std::span<const std::byte> block, std::uint64_t number);
    void (*seal)(OverlayDevice& device, std::uint64_t number);
};

// Numbers of the blocks of metadata.
std::vector<std::uint64_t> metadata_of(const OverlayDevice& device, const Sealing& sealing);

void apply(OverlayDevice& device, const Sealing& sealing,
           std::span<const std::uint64_t> metadata, std::span<const std::uint8_t> edits);

}  // namespace tests::fuzz
