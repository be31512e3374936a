// Recording: what a call adds to its environment's history, and to the trace.
//
// Apart from dispatch.cpp, which is short and fast: a call without arguments does not come here.
#pragma once

#include "kernel/syscall/call.hpp"

namespace kernel::syscall {

// Has a call that failed so a value all the same?
constexpr bool tells_more(Status status) {
    return status == Status::no_table || status == Status::code_refused;
}
// It. no_table: which level is missing on the way to its address; code_refused: where and why.
[[gnu::noinline]] std::uint64_t value_of_failure(System& system, const Env& caller,
                                                 std::uint64_t number, Status status,
                                                 const Arguments& arguments);

// The answer to a number that is no call's.
[[gnu::noinline]] void refuse(System& system, Env& caller, std::uint64_t number);

// Records the call with its arguments, which its context's registers still hold.
[[gnu::noinline]] void record_words(System& system, Env& caller, std::uint64_t number,
                                    Status status, std::uint64_t value);

}  // namespace kernel::syscall
