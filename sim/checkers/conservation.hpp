// Conservation: proves that a kernel's memory adds up, from its own records alone.
//
// Why apart from the kernel: the kernel keeps counts so that it need not look; this looks. It
// reads the pool (frame records, accounts, capability tables, environments, page tables) and
// recomputes what must hold between them after every event:
// - every pool frame is in exactly one list: the free list, or one of its account's two;
// - the counts (free, kernel, reserved; held, used, given, flagged, objects) match the lists;
// - a frame's `caps` are the capabilities in all tables that name it, and the forest's links
//   agree in both directions, rights only shrinking from parent to child;
// - every mapping a capability claims is the entry the tables have, every present leaf belongs
//   to exactly one capability, a table's `entries` is what it holds, none is writable and
//   executable;
// - every extent lies in one record of its disk's extent table, a part in what it is a part of; the
//   table is in the order of the blocks, without overlaps, and counts its capabilities;
// - accounts and environments refer to each other and to live objects only;
// - all this in each core's part of the pool alone; what leads out of it was lent, and fits what
//   it leads to (halves.hpp).
//
// Sources: kernel/mem/account.hpp, kernel/cap/capability.hpp, kernel/env/env.hpp.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace sim::checkers {

// `pool`: all of the frame pool, beginning at kernel::machine::pool_first (what follows is not
// looked at); core 0's kernel says in how many parts it is. Empty: everything holds. Otherwise
// the first thing that does not, in one line.
std::string verify_conservation(std::span<const std::byte> pool);

}  // namespace sim::checkers
