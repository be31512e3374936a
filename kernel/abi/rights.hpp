// Rights: what a capability permits. Deriving and granting can only take rights away.
#pragma once

#include <cstdint>

namespace kernel::abi {

enum class Rights : std::uint8_t {
    none = 0,
    read = 1,       // frame, table: map readable;
                    // extent, node: read
    write = 2,      // frame: map writable, turn into a kernel object; console: print; extent,
                    // node: write; node: reserve blocks
    execute = 4,    // frame: map executable; code: run
    grant = 8,      // any: derive and grant to other environments
    manage = 16,    // environment: fill, start, destroy; account: sub-accounts, limits;
                    // slice: bind; cycle: shape, name who is given idle time; extent: free;
                    // disk: share out; code: verify;
                    // extent: open the tree in it; node: scan it
    revoke = 32,    // account: take frames back
    allocate = 64,  // account: take frames; cycle: take positions; disk: make and open extents
    call = 128,     // environment: transfer control to it, wake it
    all = 255,
};

constexpr Rights operator|(Rights a, Rights b) {
    return static_cast<Rights>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr Rights operator&(Rights a, Rights b) {
    return static_cast<Rights>(static_cast<unsigned>(a) & static_cast<unsigned>(b));
}
// Does `held` include every right of `wanted`?
constexpr bool includes(Rights held, Rights wanted) { return (held & wanted) == wanted; }

// What a capability names.
enum class CapType : std::uint8_t {
    none = 0,
    frame,        // one page frame
    table,        // a page table installed in an environment's space
    environment,  // an environment
    account,      // a memory account: frames are charged to it
    console,      // the machine's console
    cycle,        // a core's time
    slice,        // one position of a cycle
    disk,         // a disk
    extent,       // blocks of a disk
    code,         // downloaded code
    node,         // a block of a tree, and all that it owns
    type_count,
};

}  // namespace kernel::abi
