#include "kernel/env/charging.hpp"

namespace kernel::env {

void charge_to(System& system, Env& env, std::uint32_t price_ns) {
    const std::uint64_t before = system.core.now().value;
    system.memory.charge(price_ns);
    const std::uint64_t taken = system.core.now().value - before;
    system.info(env).time_ns += taken;
    if (system.loaded.value != 0) system.env(system.loaded).started.value += taken;
    for (std::uint32_t i = 0; i < system.cycle->positions; ++i) {
        abi::SliceInfo& slice = system.cycle->slices[i];
        if (slice.env != env.id) continue;
        slice.debt_ns += taken;
        slice.overrun_ns += taken;
        return;
    }
}

}  // namespace kernel::env
