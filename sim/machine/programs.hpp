// The programs linked into this executable: the hosted machine runs them natively.
#pragma once

#include <span>

#include "kernel/abi/info.hpp"

namespace sim::machine {

// Name and entry of each; defined by the file that the programs' build generates.
std::span<const kernel::abi::ProgramInfo> hosted_programs();

}  // namespace sim::machine
