// Coverage: which of the kernel's basic blocks ran, as libFuzzer wants to know it.
//
// The compiler puts a call of __sanitizer_cov_trace_pc into every block (-fsanitize-coverage=
// trace-pc). Those calls are found once, in the program's own text; each has a counter of its own,
// so none shares one with another, and how many there are is known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tests::fuzz {

// Finds the blocks and tells libFuzzer. False: there are none.
bool begin_coverage();

// Addresses of all blocks, and how often each ran, modulo 256: who reads them sets them to 0.
std::span<const std::uintptr_t> blocks();
std::span<std::uint8_t> counters();

}  // namespace tests::fuzz
