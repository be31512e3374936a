// The number with which a program comes through the gate to ask the machine about a site.
//
// No kernel call has it, and only a machine with a director takes it; elsewhere it is a call of
// no such number, as on the bare machine.
#pragma once

#include <cstdint>

namespace sim::machine {

inline constexpr std::uint64_t site_number = 0x6369'7469'732d'6e69;

}  // namespace sim::machine
