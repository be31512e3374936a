// The processor's features: protection bits and floating-point state.
#pragma once

#include <cstddef>

#include "kernel/abi/upcall.hpp"

namespace kernel::bare {

// Turns on what this processor has: SMEP, SMAP, UMIP, global pages, SSE, and xsave for x87,
// SSE and AVX. Returns whether xsave is on; without it fxsave is used.
bool cpu_enable();

// Floating-point state: xsave's standard format, or fxsave's ([intel/vol1] 13.4, 10.5).
using FloatingPoint = std::byte[abi::floating_point_size];
void fp_initial(FloatingPoint& area);
void fp_save(FloatingPoint& area);
void fp_restore(const FloatingPoint& area);

}  // namespace kernel::bare
