// The declarations of all programs, for the testbed. Hosted only.
#pragma once

#include <span>

#include "libos/rt/declaration.hpp"

namespace scenarios::programs {

std::span<const libos::rt::Declaration* const> program_declarations();

}  // namespace scenarios::programs
