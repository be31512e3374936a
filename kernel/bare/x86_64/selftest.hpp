// Self-tests of what no environment can reach, chosen by `selftest=NAME` on the command line of
// selftest.elf: chitin.elf's objects and selftest.cpp, where chitin.elf has no_selftest.cpp.
//
//   panic   a panic, for its backtrace
//   assert  a failed assertion
//   stack   overflows the kernel's stack: the double fault's own stack must catch it
//   wx      looks through all of the kernel's mappings and the programs' for one that is
//           writable and executable, and goes on booting
//   cores   all cores of the first cell send each other messages, and go on booting
//           (selftest_cores.hpp)
//   disk    the first cell's disks are written and read (selftest_disk.hpp), and goes on booting
//
// All but the last two run on core 0, or on another of the first cell's with `core=NUMBER`.
#pragma once

#include "kernel/abi/bundle.hpp"
#include "kernel/bare/x86_64/boot_sources.hpp"

namespace kernel::bare {

[[gnu::noinline]] void selftest(const BootSources& sources, const abi::CellRecord& cell);

}  // namespace kernel::bare
