// Self-test of the cell's disks through their drivers, with no kernel above: what is written is
// read again, by several requests at once, flushed and not; a request beyond the end fails.
//
// Block 0 is left as it is and its bytes are summed; block i gets (i + disk) % 251 in each byte.
// The first cell's pool lends the memory. Panics at the first thing that is wrong.
#pragma once

#include "kernel/abi/bundle.hpp"

namespace kernel::bare {

void selftest_disk(const abi::CellRecord& cell);

}  // namespace kernel::bare
