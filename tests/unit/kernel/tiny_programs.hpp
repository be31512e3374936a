// Tiny programs: environment code of a few calls, and what they saw, in host variables (they
// run in the test's own process).
#pragma once

#include <cstdint>

#include "kernel/abi/call.hpp"
#include "kernel/abi/status.hpp"

namespace tests::kernel_parts {

struct Seen {
    std::uint64_t null_status = ~0ull;
    std::uint64_t frame = 0;
    std::uint64_t mapped_status = ~0ull;
    std::uint64_t magic = 0;
    std::uint64_t faults = 0;
    std::uint64_t fault_address = 0;
    std::uint64_t fault_error = 0;
    std::uint64_t value_read = 0;
    std::uint64_t unmap_value = 0;
    std::uint64_t bad_call_status = 0;
    double floating_point = 0;
};
extern Seen seen;

}  // namespace tests::kernel_parts
