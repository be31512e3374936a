// The panic: the kernel's own mistake. Says what, where, by which calls and, but for core 0, on
// which core, and stops all cores.
#pragma once

#include <cstdint>

namespace kernel::bare {

[[noreturn]] void panic(const char* message);

// Not a mistake, but the machine's end all the same: it has too little of something.
[[noreturn]] void refuse(const char* needs, std::uint64_t needed, const char* has,
                         std::uint64_t there);

}  // namespace kernel::bare
