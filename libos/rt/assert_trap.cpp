// assert_failed() for programs that are files of their own (the bare machine): there is no
// state to print with, so the exception upcall reports it.
#include "kernel/base/assert.hpp"

namespace kernel::base {

void assert_failed(const char*, int) { __builtin_trap(); }

}  // namespace kernel::base
