// Ownership: what contents own, and whether they may be written (kernel/abi/tree.hpp).
#pragma once

#include "kernel/disk/tree/view.hpp"

namespace kernel::disk::tree {

// Runs the function of `type` on the contents frame; how many of owned() are to be looked at, more
// than tree_owned_max: these are not the contents of such a block. Takes no time.
std::uint64_t run_function(const View& view, std::uint32_t type);
// The function of a type that has one.
code::Program program_of(const View& view, std::uint32_t type);
// What running it costs.
std::uint32_t price_of(const View& view, std::uint32_t type);

// Writes the metadata block, which env may write (top_of), as the page has it now: copied first, so
// that what is judged is what is written. `detail` says why where it fails. Errors:
// ownership_refused; io_error (and the tree is damaged: nobody knows what the block has).
Status write(const View& view, Env& env, const drivers::Request& request, std::uint32_t block,
             std::uint32_t top, std::uint32_t& detail);

// Data blocks from `block` on were written, or the device failed.
void data_written(const View& view, std::uint32_t block, std::uint32_t count, bool durable,
                  bool failed);

}  // namespace kernel::disk::tree
