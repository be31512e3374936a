// Self-test of synchronise() and notify(): cores that send each other messages as kernels do.
//
// Each core has events of its own at times that a generator gives, and sends a message at each;
// what it receives it may answer. It takes messages in the order of their arrival, ties in the
// order of their senders, so all that it sees is a function of virtual time: the sums printed at
// the end are the same in every run, whatever the processors do.
// Panics when a message comes late, when a ring overflows (a core ran too far ahead), or when
// horizon and promise contradict each other. A deadlock ends it in the tests' time limit.
#pragma once

#include "kernel/machine/boot_info.hpp"

namespace kernel::bare {

void selftest_cores(const machine::BootInfo& boot);

}  // namespace kernel::bare
