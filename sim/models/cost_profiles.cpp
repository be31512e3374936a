#include "sim/models/cost_profiles.hpp"

namespace sim::models {

namespace {

// default:
//   call        an empty system call on x86-64 without mitigations: 50..100 ns
//   fault       exception entry: about 1,000 cycles with its pipeline flush and state saving
//   upcall      a user-mode entry by iretq and the cache lines of the upcall page
//   map         one entry written and its bookkeeping: two cache misses
//   invalidate  invlpg: 100..200 cycles
//   zero_frame  4 KiB at 20..40 GB/s
//   env_switch  loading CR3 and the TLB misses that follow
//   capability  three cache misses in the tree of derivations
//   message     a cache line that another core has written, or will read: 60..150 ns
//   latency     an interrupt to another core and its way into the kernel: about a microsecond
// These are rounded textbook figures, not measurements of one machine.
constexpr Named<kernel::abi::CostProfile> profiles[] = {
    {"default",
     "a small kernel on a current x86-64: rounded figures, to be calibrated from the image",
     {.call = 80,
      .fault = 500,
      .upcall = 150,
      .map = 100,
      .invalidate = 60,
      .zero_frame = 150,
      .env_switch = 400,
      .capability = 120,
      .message = 100,
      .latency = 1000}},
    {"zero", "everything is free: virtual time counts compute() alone", {}},
    {"slow-memory",
     "`default` with faults and page tables ten times as dear: for sensitivity studies",
     {.call = 80,
      .fault = 5000,
      .upcall = 150,
      .map = 1000,
      .invalidate = 600,
      .zero_frame = 1500,
      .env_switch = 4000,
      .capability = 120,
      .message = 100,
      .latency = 1000}},
};

}  // namespace

std::span<const Named<kernel::abi::CostProfile>> cost_profiles() { return profiles; }

std::optional<kernel::abi::CostProfile> cost_profile(std::string_view name) {
    return find(cost_profiles(), name);
}

}  // namespace sim::models
