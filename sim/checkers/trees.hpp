// Trees: proves that every open tree of blocks is one (kernel/disk/tree/tree.hpp).
//
// - Each owned block, but header and root, is in the list of the block that it says owns it, and in
//   no other.
// - What was in it when it became owned was durable.
// - No block is marked; none that is reserved, or has left, is in a list.
// - The extent that a tree lies in says so, and no extent capability lies there.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace sim::checkers {

// `pool`: as for verify_conservation, which has found core 0's part to be sound. Empty: all are.
std::string verify_trees(std::span<const std::byte> pool);

}  // namespace sim::checkers
