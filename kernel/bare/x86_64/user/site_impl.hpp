// The bare machine's answer at a site of libOS code (libos/rt/site.hpp): nothing, at no cost.
#pragma once

#include <cstdint>

#include "kernel/abi/site.hpp"

namespace libos::rt {

constexpr std::uint64_t machine_site(kernel::abi::LibosSite) { return 0; }

}  // namespace libos::rt
