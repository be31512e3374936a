#include "sim/machine/clock/clock.hpp"

#include "core_clock.hpp"

namespace sim::machine {

bool counts_instructions() { return CoreClock::counts_instructions; }

void prepare_process() { static_cast<void>(prepare_clock()); }

}  // namespace sim::machine
