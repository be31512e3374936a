// Recording: what a call adds to its environment's history, and to the trace.
//
// Apart from dispatch.cpp, which is short and fast: a call without arguments does not come here.
#pragma once

#include "kernel/syscall/call.hpp"

namespace kernel::syscall {

// The value of a call that failed with no_table: which level is missing on the way to its address.
[[gnu::noinline]] std::uint64_t missing_level(System& system, const Env& caller,
                                              std::uint64_t number, const Arguments& arguments);

// The answer to a number that is no call's.
[[gnu::noinline]] void refuse(System& system, Env& caller, std::uint64_t number);

// Records the call with its arguments, which its context's registers still hold.
[[gnu::noinline]] void record_words(System& system, Env& caller, std::uint64_t number,
                                    Status status, std::uint64_t value);

}  // namespace kernel::syscall
