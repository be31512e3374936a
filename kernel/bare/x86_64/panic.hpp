// The panic: the kernel's own mistake. Says what, where, and by which calls, and stops.
#pragma once

#include <string_view>

namespace kernel::bare {

[[noreturn]] void panic(std::string_view message);

}  // namespace kernel::bare
