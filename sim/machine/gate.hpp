// The gate's symbols (gate.S), and the context that runs on this thread.
#pragma once

#include <cstdint>

#include "kernel/machine/context.hpp"

extern "C" {
// The environment that runs on this thread; null while the kernel or the host does.
extern thread_local constinit kernel::machine::UserContext* chitin_context;
// Does the CPU, and the host, have xsave?
extern bool chitin_xsave;
// Has the machine that began last a director, whom libOS code asks (user/site_impl.hpp)? Machines
// with one do not run beside others in a process.
extern bool chitin_directed;

void chitin_gate_return();
void chitin_transit_begin();
void chitin_transit_end();
}

namespace sim::machine {

inline std::uint64_t code_address(void (*symbol)()) {
    return reinterpret_cast<std::uint64_t>(symbol);
}

}  // namespace sim::machine
