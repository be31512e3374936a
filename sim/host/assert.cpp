/// The hosted machine's end of CHITIN_ASSERT: say what failed, then abort() so that a debugger or
/// a core dump shows the stack.

#include "kernel/base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace kernel::base {

[[noreturn]] void assert_failed(const char* file, int line) {
    std::fprintf(stderr, "%s:%d: assertion failed\n", file, line);
    std::abort();
}

}  // namespace kernel::base
