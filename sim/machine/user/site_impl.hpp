// The hosted machine's answer at a site of libOS code (libos/rt/site.hpp): the director's.
#pragma once

#include <cstdint>

#include "kernel/abi/call.hpp"
#include "kernel/abi/site.hpp"
#include "sim/machine/site_number.hpp"

extern "C" {
// Has the machine that began last a director? (sim/machine/gate.hpp)
extern bool chitin_directed;

kernel::abi::CallResult chitin_gate(std::uint64_t a1, std::uint64_t a2, std::uint64_t a3,
                                    std::uint64_t a4, std::uint64_t a5, std::uint64_t a6,
                                    std::uint64_t number);
}

namespace libos::rt {

inline std::uint64_t machine_site(kernel::abi::LibosSite site) {
    if (!chitin_directed) [[likely]] return 0;
    const auto number = static_cast<std::uint64_t>(site);
    return chitin_gate(number, 0, 0, 0, 0, 0, sim::machine::site_number).value;
}

}  // namespace libos::rt
