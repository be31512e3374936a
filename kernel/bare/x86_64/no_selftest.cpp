// The image that ships has no self-tests.
#include "kernel/bare/x86_64/selftest.hpp"

namespace kernel::bare {

void selftest(const BootSources&, const abi::CellRecord&) {}

}  // namespace kernel::bare
