// History: an environment's calls, upcalls and faults in program order, as a running hash.
//
// Kept on both machines, always: comparing two machines or two builds is then comparing one
// number an environment. Nothing machine-dependent enters: addresses are relative to the
// window, code addresses are left out, time is not part of it (the trace sink adds it).
// The mix is one multiply and one shift-xor a word (the finaliser step of MurmurHash3's
// fmix64), chained.
#pragma once

#include <cstdint>

namespace kernel::trace {

inline constexpr std::uint64_t history_seed = 0x6368'6974'696e'0001;

constexpr std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
    hash = (hash ^ word) * 0xff51'afd7'ed55'8ccd;
    return hash ^ (hash >> 32);
}

}  // namespace kernel::trace
