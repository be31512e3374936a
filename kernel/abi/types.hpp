// The distinct integer types of the contract between kernel and libOS.
//
// Why: a frame number, a slot and an address are all 'just integers' and are never
// interchangeable; a distinct type each makes mixing them a compile error, at no cost.
// Invariants: trivially copyable, the size of the integer inside, layout part of the ABI.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kernel::abi {

inline constexpr std::uint64_t page_size = 4096;
inline constexpr unsigned page_shift = 12;

// A strong integer. `Tag` only tells the types apart.
template <class Tag, class Integer>
struct Distinct {
    Integer value = 0;

    constexpr Distinct() = default;
    explicit constexpr Distinct(Integer integer) : value{integer} {}
    // One comparison each: a defaulted operator<=> costs a freestanding build several.
    friend constexpr bool operator==(Distinct a, Distinct b) { return a.value == b.value; }
    friend constexpr bool operator<(Distinct a, Distinct b) { return a.value < b.value; }
    friend constexpr bool operator<=(Distinct a, Distinct b) { return a.value <= b.value; }
    friend constexpr bool operator>(Distinct a, Distinct b) { return a.value > b.value; }
    friend constexpr bool operator>=(Distinct a, Distinct b) { return a.value >= b.value; }
};

// A page frame's physical name: physical address / 4096. At most 2^25 (128 GiB).
using FrameNumber = Distinct<struct FrameNumberTag, std::uint32_t>;
// The index of a capability in an environment's capability table.
using Slot = Distinct<struct SlotTag, std::uint32_t>;
// An environment's small number, reused after destruction; 0 is no environment.
using EnvId = Distinct<struct EnvIdTag, std::uint16_t>;
using CoreId = Distinct<struct CoreIdTag, std::uint16_t>;
// Byte addresses.
using PhysAddr = Distinct<struct PhysAddrTag, std::uint64_t>;
using VirtAddr = Distinct<struct VirtAddrTag, std::uint64_t>;
// A point in, and a length of, a machine's time, in nanoseconds since its start.
using Instant = Distinct<struct InstantTag, std::uint64_t>;
using Nanoseconds = Distinct<struct NanosecondsTag, std::uint64_t>;

inline constexpr FrameNumber any_frame{0xffff'ffff};
inline constexpr EnvId no_env{0};
inline constexpr Instant never{~std::uint64_t{0}};
inline constexpr FrameNumber frame_number_max{(1u << 25) - 1};

[[gnu::always_inline]] constexpr PhysAddr address_of(FrameNumber frame) {
    return PhysAddr{std::uint64_t{frame.value} << page_shift};
}
[[gnu::always_inline]] constexpr FrameNumber frame_of(PhysAddr address) {
    return FrameNumber{static_cast<std::uint32_t>(address.value >> page_shift)};
}

// ---- The address space -------------------------------------------------------------------
//
//   window base (512 GiB aligned; the machine chooses it, see SystemInfo)
//   | slot 0       | slot 1 | slot 2 | ...                       | slot 127          |
//   | never mapped |     4 GiB each, for environments            | the info window   |
//
// All mappings a libOS makes lie in slots 1..126. Which slot is whose is the libOSes'
// convention: each environment has page tables of its own, and a copy-on-write child takes
// its parent's slot so that pointers keep their meaning.
inline constexpr std::uint64_t space_slot_size = std::uint64_t{4} << 30;
inline constexpr std::uint32_t space_slots = 128;
inline constexpr std::uint64_t window_size = space_slot_size * space_slots;
inline constexpr std::uint32_t space_slot_first = 1;
inline constexpr std::uint32_t space_slot_info = space_slots - 1;

static_assert(sizeof(FrameNumber) == 4 && sizeof(Slot) == 4 && sizeof(EnvId) == 2);
static_assert(sizeof(VirtAddr) == 8 && sizeof(Instant) == 8);
static_assert(window_size == std::uint64_t{1} << 39);

}  // namespace kernel::abi
