// The kernel calls: numbers, arguments, results, and the order in which their checks fail.
//
// Registers: rax call number; rdi rsi rdx r10 r8 r9 arguments 1..6. On return rax holds the
// Status, rdx the value; rbx rbp r12..r15 and rsp are kept; every other general register and
// all floating-point registers are undefined. Each call does a bounded amount of work; one
// that has more to do returns Status::again, and is repeated by the libOS.
//
// In every call an argument named `env` is a slot of the caller's table holding an
// environment capability (slot 0 always holds the caller's own), and arguments named `its`
// are slots of *that* environment's table. Checks run in the order of the arguments, and for
// one argument in the order bad_slot, empty_slot, wrong_type, no_right; an environment that is
// being destroyed is a bad_state, one of another core an other_core where the call
// does not say otherwise; then come the checks listed with the call, in that order. A call that
// fails has no effect.
#pragma once

#include "kernel/abi/types.hpp"

namespace kernel::abi {

enum class Call : std::uint32_t {
    // () -> ok. Nothing: the price of entering the kernel.
    null = 0,
    // (source, destination, rights) -> a child of `source` in the caller's own table. Needs
    // `grant` on source. Of a table only a read-only view as a frame can be derived. Checks:
    // source: bad_slot, empty_slot, no_right; rights (bad_argument where not a subset of
    // source's); destination: bad_slot, occupied_slot.
    cap_derive,
    // (env, source, its destination, rights) -> as cap_derive, into env's table. Needs
    // `manage` on env and `grant` on source. A table cannot be granted (wrong_type, after the
    // source's other checks).
    cap_grant,
    // (env, its slot) -> deletes one capability, unmapping it. Its children become its
    // parent's. The last capability of a frame frees it. Needs `manage` on env. Checks: busy
    // for a table with entries or views, an environment or account whose last capability this
    // is and that is in use, and slot 0. May return again (bounded number of children moved; a
    // half of something lent: after sleeping until the other core has answered). With a borrowed
    // capability goes what was derived from it.
    cap_delete,
    // (slot) -> deletes everything derived from it, wherever it is, unmapping. May return
    // again; where another core has to be waited for, after sleeping until it answered. When it
    // returns ok, nothing derived is left anywhere. From a half of something lent nothing is
    // derived: what the other core has goes by deleting the half, or by revoking its source.
    cap_revoke,
    // (env, its slot) -> value: type | rights << 8 | object frame << 32. Never fails for an
    // empty slot: type none.
    cap_identify,

    // (account, destination, frame) -> a capability with all rights to a zeroed frame, by its
    // physical name or `any_frame`; value: the frame's number. Needs `allocate`. Checks:
    // destination; bad_argument (no such frame in the pool), frame_taken, over_limit,
    // no_frames.
    frame_allocate,
    // (its env, its slot, on) -> puts a frame under, or takes it out of, its account's
    // guarantee. Checks: over_guarantee.
    frame_guarantee,
    // (env, its slot, address, rights) -> maps the frame. Needs `manage` on env, and the
    // rights asked for on the frame; `read` is required. Checks: bad_argument, no_executable_
    // writes, no_right, misaligned, bad_address, already_mapped (the capability), no_table,
    // already_mapped (the entry).
    map,
    // (env, its slot, value) -> breaks the mapping and leaves `value` (63 bits, the libOS's
    // own) in the non-present entry. Value: the entry's accessed | dirty << 1. Checks:
    // not_mapped, bad_argument.
    unmap,
    // (env, its slot, rights) -> changes a mapping's rights; value as of unmap. Checks as map.
    protect,
    // (env, address, value) -> stores a libOS value in a non-present leaf entry. Checks:
    // misaligned, bad_address, no_table, already_mapped, bad_argument (value of over 63 bits).
    entry_store,
    // (env, its slot, address, level) -> the frame, of which this must be the only
    // capability, unmapped, becomes the page table of `level` (1 leaf .. 3) that covers
    // `address`. Checks: bad_argument (level), bad_address, busy, no_table, already_mapped.
    // The frame comes under its account's guarantee; over_guarantee never fails it: kernel
    // objects are simply not repossessed one by one.
    table_install,
    // (env, address, count, bits) -> clears accessed (bit 0) and/or dirty (bit 1) of `count`
    // 1..512 leaf entries that lie in one leaf table, and invalidates. Value: how many
    // entries had one of the bits. Checks: misaligned, bad_address, bad_argument, no_table.
    table_age,

    // (parent, frame slot of the caller, limit, guarantee) -> the frame becomes an account,
    // its capability the account's; limit and guarantee in frames. What a sub-account uses
    // counts against its parent's limit too; its guarantee comes out of its parent's. Needs
    // `manage` on parent. Checks: frame (busy as table_install), bad_argument (guarantee over
    // limit; a frame that the parent does not pay for; deeper than 8), over_guarantee.
    account_create,
    // (account, limit, guarantee) -> changes them. A limit below what is used is allowed: no
    // further frame is given. Checks: bad_argument, over_guarantee.
    account_limit,
    // (account, count, deadline) -> visible revocation: asks the environment bound to the
    // account to bring its use down by `count` frames until the Instant `deadline`; what is
    // missing then is repossessed (guaranteed frames and kernel objects never are). One
    // request at a time (busy). Checks: bad_argument (0), busy.
    account_revoke,

    // (account, env frame, table frame, root frame) -> three frames of the caller become an
    // embryo environment, its capability table of 128 slots and its root page table. The
    // first slot becomes the environment's capability, the other two are emptied. Its slot 0
    // holds itself (manage). The account's revocation requests go to it from now on. Needs
    // `manage` on account. Checks: busy (another environment is bound to the account); each
    // frame as table_install; bad_argument (a slot named twice), no_environments. Value: its
    // EnvId.
    env_create,
    // (env, slot of the caller: a frame) -> adds 128 slots to env's table. Checks:
    // frame as table_install, over_limit (env_table_frames_max).
    env_extend,
    // (env, entry, stack, argument) -> starts it at `entry` with rsp = stack, rdi = argument.
    // Checks: bad_state, bad_address (entry, stack: not canonical user addresses).
    env_start,
    // (env, its slot) -> the mapped, writable frame becomes its upcall page (abi/upcall.hpp).
    // Checks: no_right, other_core (the frame is another core's), not_mapped.
    env_vector,
    // (env) -> stops it and returns every resource it holds. May return again. Checks:
    // bad_state (its own). The capability is gone with the last call.
    env_destroy,
    // (code) -> the caller ends; its creator destroys what is left. Does not return.
    env_exit,

    // (env) -> gives the rest of the slice to env (a directed yield), until it gives it back
    // or stops; slot 0: to whoever is given idle time, or to the next in turn, with a new
    // slice. Checks: bad_state (not runnable).
    yield,
    // (deadline) -> sleeps until an upcall was delivered, another environment woke it, or the
    // Instant; `never` is allowed. Does not sleep if it was woken since it last slept.
    park,
    // (env) -> wakes env if it sleeps; else its next park or transfer_wait does not sleep. Needs
    // `call`. Checks: bad_state (not started, or ended). An environment of another core is woken
    // by message; again: too many are under way.
    wake,
    // (env, word 1 .. word 5) -> protected control transfer: env, which must wait for one, goes
    // on in the caller's place, in its slice, with the words; the caller waits for its reply.
    // Value: the reply's word 1; all five are in its upcall page, if it has one. Needs `call`.
    // Checks: bad_state (not started, ended, or itself), busy (does not wait). It fails with
    // callee_gone where env ends before it replies. To another core it goes by message: the
    // caller keeps its slice, the checks are the other core's (busy: also where too many calls
    // are under way between the two), and the caller's EnvId is told as core * 128 + EnvId.
    transfer_call,
    // (deadline, word 1 .. word 5) -> replies to its caller, if it has one, which goes on in its
    // place (but in no slice of its own); then waits to be called. Value: its caller's EnvId; the
    // words are in its upcall page. Value 0: as park. Checks: bad_state (no upcall page).
    transfer_wait,
    // (nanoseconds) -> uses virtual time, until something is due on this core. Value: what is
    // left of it; the libOS calls again. Checks: bad_argument (over one second).
    compute,
    // () -> value: the Instant now.
    now,
    // (cycle, destination, position) -> a slice, by its position or `any_position` (the lowest
    // free one); value: the position. A child of the cycle's capability. Needs `allocate`.
    // Checks: destination; bad_argument (no such position), slice_taken, no_slices.
    slice_allocate,
    // (slice, env) -> the position's time is env's from its next turn on, for as long as this
    // capability exists. Needs `manage` on both. Checks: busy (bound with another capability).
    slice_bind,
    // (cycle, positions, length, grace) -> changes the cycle's shape; both times in
    // nanoseconds. Needs `manage`. Checks: bad_argument (positions 1..positions_max, length
    // slice_ns_min..slice_ns_max, grace at most the length), busy (a position that would go is
    // allocated).
    cycle_shape,
    // (cycle, env or no slot: any number over 2^32 - 1) -> idle time goes to env; no slot: to
    // all in turn. Needs `manage` on both.
    cycle_idle,
    // (console, channel, address, size) -> prints 1..console_bytes_max bytes of the caller's
    // memory. Channel: abi/console. Checks: bad_argument, bad_address (not readable).
    console_write,

    // (env, source, its destination, rights, half) -> lends to an environment of another core: as
    // cap_grant, by message. The caller's empty slot `half` becomes the lender's half: it stands
    // for what was lent, and deleting it, as revoking the source, deletes what the other core
    // has, and what was derived from that anywhere. The caller sleeps until the other core has
    // answered. Needs `manage` on env and `grant` on source, which is a frame, an environment or
    // the console (wrong_type). Checks: other_core (env is of this core, or the source's object
    // is of env's), half; then the other core's: bad_state, bad_slot, occupied_slot. May return
    // again (too many under way), after sleeping until it may be worth while.
    cap_lend,

    // ---- downloaded code (abi/code.hpp)
    // (slot, frames, address, units, kind) -> downloads a program: 1..code_units_max instructions
    // of 8 bytes at `address` of the caller's memory, copied into `frames` 1..code_frames_max
    // frames that follow one another by name, the first of them in `slot`. Of each the caller
    // holds the only capability, unmapped. The first's becomes the code's, the other slots are
    // emptied. What the program does not fill is for verifying it, and given back to the pool
    // once that is over. Checks: slot (as table_install); bad_argument (frames, a name that is
    // not the pool's); the other frames (no_right, busy: also another environment's);
    // misaligned (address, to 8 bytes); bad_argument (units, kind); bad_address (not readable).
    code_load,
    // (code) -> proves that the program keeps to what its kind allows (abi/code.hpp); again: not
    // done yet. Value: the most instructions it runs. Needs `manage`. Fails with code_refused,
    // the value telling where and why (abi/code.hpp: fault_of); repeated, it answers the same.
    code_verify,
    // (code, deadline, frame, frame) -> as park, but wakes also where the predicate holds for the
    // two frames (which may be one): the kernel looks before it sleeps and then whenever it
    // chooses whom to run; each look is charged to the caller by the predicate's bound. Wakes
    // also where one of the three capabilities is gone. Needs `execute` on code and `read` on
    // the frames. Checks: code; each frame (as find; other_core where it is another core's);
    // bad_state (not verified, refused, or no predicate).
    park_until,

    // ---- disks (abi/disk.hpp). A disk that cannot be used at all fails each call that changes
    // its extents: io_error (the device is dead), bad_state (no extent table, or a damaged one).
    // (disk, destination, first, count, name: two words) -> an extent of `count` blocks from
    // `first` or `any_block` on, all rights; value: its first block. A child of the disk's
    // capability. What is in the blocks is what was there. It is on the disk under that name when
    // the call returns, and stays there without any capability. Needs `allocate`. Checks:
    // destination; io_error, bad_state; bad_argument (no blocks, outside the disk, no name),
    // extent_taken, no_extents; io_error (writing the table; the disk is dead).
    extent_allocate,
    // (disk, destination, name: two words) -> a capability of that extent, all rights; value: its
    // first block | its count << 32. Needs `allocate`. Checks: destination; io_error,
    // bad_state (only a damaged table); no_such_extent, busy (a tree is open in it).
    extent_open,
    // (extent, destination, first, count, rights) -> a child of it for a part of its blocks,
    // counted from its first. Needs `grant`. Checks: destination; bad_argument (no blocks, or not
    // its own), then rights (bad_argument where not a subset).
    extent_part,
    // (extent) -> value: its first block, as the disk counts, | its count << 32. Needs no right.
    extent_range,
    // (extent) -> its blocks are free, its name and the capability gone. Needs `manage`. Checks:
    // io_error, bad_state; bad_argument (a part of what was allocated); busy (another capability
    // lies in it); io_error.
    extent_free,
    // (env, extent or node, its slot, or no slot: any number over 2^32 - 1) -> the frame becomes
    // env's ring on that one's disk, with nothing in it; no slot: it has none. One a disk. It
    // may be mapped elsewhere, unmapped and lost as any other: its slot is looked up each time. Of
    // the frame `write` is needed. Checks: its slot; other_core (the frame is another core's);
    // busy (requests are unanswered).
    disk_ring,
    // (extent or node, count) -> the next `count` requests in the caller's ring on its disk are
    // ready. Value: how many are unanswered now. Each answer wakes the caller, as `wake` does.
    // Checks: bad_state (no ring), bad_argument (0, or with it more than disk_requests_max would be
    // unanswered).
    disk_submit,
    // (disk, env, weight) -> while several wait env gets blocks in proportion to `weight`, 1 to
    // disk_weight_max; each new ring has 1. Needs `manage` on both. Checks: bad_argument,
    // bad_state (env has no ring there).
    disk_share,

    // ---- trees (abi/tree.hpp). A `node` is found as any argument; then: bad_state (its block has
    // left the tree; but in tree_scan also: the tree is not scanned yet, or damaged).
    // (extent, slot, frames, codes) -> opens the tree in the extent, all of which the capability
    // names, the only one that lies there. The first of the `frames` frames (tree_frames), as of
    // code_load, becomes the node of its root with the extent's rights; the other slots and the
    // extent's are emptied, and no other capability of the extent can be made while a node is left.
    // `codes`: the slot of the verified program of type 1, the next ones those of the types behind
    // it; they are copied. Value: its blocks. What is in the frames is lost also where it fails.
    // Needs `manage` on extent, `execute` on code. Checks: extent; bad_argument (a part of what was
    // allocated, or larger than tree_blocks_max), busy (another capability lies there); slot and
    // frames as code_load; io_error; tree_damaged (the header); codes; bad_state (not verified, or
    // of another kind), bad_argument (another program than the header's).
    tree_open,
    // (node) -> looks at the whole tree on the disk and so finds which blocks are free; again: not
    // done yet. Value: blocks in use. Takes the caller's time. Needs `manage`. Fails with io_error,
    // and with tree_damaged, from then on always: something is not a block of its type, lies
    // outside, or has two owners.
    tree_scan,
    // (node, block or any_block, type) -> reserves a free block for the caller, to become one of
    // `type`; value: its number. Needs `write`. Checks: bad_argument (no such block or type),
    // block_taken, no_blocks.
    tree_allocate,
    // (node, block) -> frees a block that the caller has reserved; whatever it owns is free too.
    // Needs `write`. Checks: bad_argument (it has not).
    tree_release,
    // (node, destination, block, rights) -> a node of `block`, which node's owns, directly or
    // through others (tree_depth_max). A child of node. Needs `grant`. Checks: destination;
    // bad_argument (node's does not own it), then rights (bad_argument where not a subset).
    tree_node,
    // (node, block) -> value: how it stands with any block of the tree (abi/tree.hpp, look_of).
    // Needs no right. Checks: bad_argument (no such block).
    tree_look,
    // (extent or node, block, frame) -> says in the disk's registry (abi/disk.hpp) that the frame
    // has what is, or will be, in the block, which is counted as requests count it. In the place
    // of what the caller said of that block before. Needs `write` on the blocks, `read` and `grant`
    // on the frame. Checks: blocks as requests have them; the frame; other_core; over_limit
    // (registry_own_max of the caller's are there), busy (the registry is full).
    registry_enter,
    // (extent or node, block, destination) -> a read-only capability of the frame that caches the
    // block: a child of the one it was entered with, so revoking that takes it back. What is not
    // true any more is forgotten: its owner has ended, cannot write the block now, or has another
    // capability in that slot. Value: the EnvId of who entered it. Needs `read` on the blocks.
    // Checks: blocks as requests have them; destination; not_cached.
    registry_find,
    call_count,
};

inline constexpr std::uint32_t transfer_words = 5;  // of a control transfer, each way
inline constexpr std::uint32_t env_table_frames_max = 128;
inline constexpr std::uint32_t table_slots_per_frame = 128;
inline constexpr std::uint64_t console_bytes_max = 1024;
inline constexpr std::uint64_t compute_ns_max = 1'000'000'000;

// What a console line is: text for people, or a result (one JSON object) for the testbed.
enum class Channel : std::uint32_t { text = 0, result = 1, channel_count };

// Which of a call's arguments enter the history, and how. An argument that is a virtual
// address is recorded relative to the window (so histories do not depend on where the
// machine put it); a code address (opaque) is not recorded at all.
struct CallShape {
    std::uint8_t arguments;
    std::uint8_t address_mask;  // bit i: argument i+1 is an address in the window
    std::uint8_t opaque_mask;   // bit i: argument i+1 is not recorded
};

inline constexpr CallShape call_shapes[] = {
    {0, 0, 0},  // null
    {3, 0, 0},  // cap_derive
    {4, 0, 0},  // cap_grant
    {2, 0, 0},  // cap_delete
    {1, 0, 0},  // cap_revoke
    {2, 0, 0},  // cap_identify
    {3, 0, 0},  // frame_allocate
    {3, 0, 0},  // frame_guarantee
    {4, 1 << 2, 0},  // map
    {3, 0, 0},  // unmap
    {3, 0, 0},  // protect
    {3, 1 << 1, 0},  // entry_store
    {4, 1 << 2, 0},  // table_install
    {4, 1 << 1, 0},  // table_age
    {4, 0, 0},  // account_create
    {3, 0, 0},  // account_limit
    {3, 0, 0},  // account_revoke
    {4, 0, 0},  // env_create
    {2, 0, 0},  // env_extend
    {4, (1 << 2) | (1 << 3), 1 << 1},  // env_start
    {2, 0, 0},  // env_vector
    {1, 0, 0},  // env_destroy
    {1, 0, 0},  // env_exit
    {1, 0, 0},  // yield
    {1, 0, 0},  // park
    {1, 0, 0},  // wake
    {6, 0, 0},  // transfer_call
    {6, 0, 0},  // transfer_wait
    {1, 0, 0},  // compute
    {0, 0, 0},  // now
    {3, 0, 0},  // slice_allocate
    {2, 0, 0},  // slice_bind
    {4, 0, 0},  // cycle_shape
    {2, 0, 0},  // cycle_idle
    {4, 0, 1 << 2},  // console_write
    {5, 0, 0},  // cap_lend
    {5, 0, 1 << 2},  // code_load
    {1, 0, 0},  // code_verify
    {4, 0, 0},  // park_until
    {6, 0, 0},  // extent_allocate
    {4, 0, 0},  // extent_open
    {5, 0, 0},  // extent_part
    {1, 0, 0},  // extent_range
    {1, 0, 0},  // extent_free
    {3, 0, 0},  // disk_ring
    {2, 0, 0},  // disk_submit
    {3, 0, 0},  // disk_share
    {4, 0, 0},  // tree_open
    {1, 0, 0},  // tree_scan
    {3, 0, 0},  // tree_allocate
    {2, 0, 0},  // tree_release
    {4, 0, 0},  // tree_node
    {2, 0, 0},  // tree_look
    {3, 0, 0},  // registry_enter
    {3, 0, 0},  // registry_find
};
static_assert(sizeof(call_shapes) / sizeof(call_shapes[0]) ==
              static_cast<std::size_t>(Call::call_count));

// What people call them. Apart from the shapes: the kernel has no use for names.
inline constexpr const char* call_names[] = {
    "null", "cap_derive", "cap_grant", "cap_delete", "cap_revoke", "cap_identify",
    "frame_allocate", "frame_guarantee", "map", "unmap", "protect", "entry_store",
    "table_install", "table_age", "account_create", "account_limit", "account_revoke",
    "env_create", "env_extend", "env_start", "env_vector", "env_destroy", "env_exit", "yield",
    "park", "wake", "transfer_call", "transfer_wait", "compute", "now",
    "slice_allocate", "slice_bind", "cycle_shape", "cycle_idle", "console_write",
    "cap_lend", "code_load", "code_verify", "park_until", "extent_allocate", "extent_open",
    "extent_part", "extent_range", "extent_free", "disk_ring", "disk_submit", "disk_share",
    "tree_open", "tree_scan", "tree_allocate", "tree_release", "tree_node", "tree_look",
    "registry_enter", "registry_find",
};
static_assert(sizeof(call_names) / sizeof(call_names[0]) ==
              static_cast<std::size_t>(Call::call_count));

// What a call returns, in rax and rdx.
struct CallResult {
    std::uint64_t status;
    std::uint64_t value;
};

}  // namespace kernel::abi
