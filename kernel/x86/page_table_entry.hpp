// PageTableEntry: one 8-byte entry of an x86-64 page table.
//
// Format ([intel/vol3] 4.5.5, table 4-20, 4 KiB pages; the same bits steer upper levels):
//
//   63 62        52 51                    12 11     9 8 7  6 5 4   3   2   1   0
//   | NX | ignored |   frame number         | ignored |G|PS|D|A|PCD|PWT|U/S|R/W|P|
//
// An entry with P = 0 is ignored by the MMU: its other 63 bits are the libOS's own value.
#pragma once

#include <cstdint>

#include "kernel/abi/types.hpp"

namespace kernel::x86 {

class PageTableEntry {
public:
    static constexpr std::uint64_t present = 1;
    static constexpr std::uint64_t writable = 2;
    static constexpr std::uint64_t user = 4;
    static constexpr std::uint64_t accessed = 1 << 5;
    static constexpr std::uint64_t dirty = 1 << 6;
    static constexpr std::uint64_t no_execute = std::uint64_t{1} << 63;
    static constexpr std::uint64_t frame_mask = 0x000f'ffff'ffff'f000;

    constexpr PageTableEntry() = default;
    explicit constexpr PageTableEntry(std::uint64_t bits) : bits_{bits} {}

    // A present entry that names `frame`, with `flags` of the constants above.
    static constexpr PageTableEntry make(abi::FrameNumber frame, std::uint64_t flags) {
        return PageTableEntry{abi::address_of(frame).value | flags | present};
    }
    // A non-present entry that keeps a libOS's 63-bit value.
    static constexpr PageTableEntry of_value(std::uint64_t value) {
        return PageTableEntry{value << 1};
    }

    constexpr std::uint64_t bits() const { return bits_; }
    constexpr bool valid() const { return (bits_ & present) != 0; }
    constexpr bool has(std::uint64_t flag) const { return (bits_ & flag) != 0; }
    [[gnu::always_inline]] constexpr abi::FrameNumber frame() const {
        return abi::frame_of(abi::PhysAddr{bits_ & frame_mask});
    }
    constexpr std::uint64_t value() const { return bits_ >> 1; }

private:
    std::uint64_t bits_ = 0;
};
static_assert(sizeof(PageTableEntry) == 8);

inline constexpr unsigned levels = 4;  // 4 is the root
inline constexpr unsigned entries_per_table = 512;

// Which entry of the table of `level` (1 leaf .. 4 root) translates `address`.
constexpr unsigned index_of(abi::VirtAddr address, unsigned level) {
    return static_cast<unsigned>(address.value >> (12 + 9 * (level - 1))) & 511;
}

}  // namespace kernel::x86
