// The kernel's calls, typed: one function a call, a Result each.
//
// Why: programs and the libOS never see a call number or a raw Status. A call that answers
// `again` is repeated here, so bounded kernel work looks like one operation.
// Source of every argument's meaning and of the order of errors: kernel/abi/call.hpp.
#pragma once

#include "kernel/abi/call.hpp"
#include "kernel/abi/code.hpp"
#include "kernel/abi/cycle.hpp"
#include "kernel/abi/disk.hpp"
#include "kernel/abi/rights.hpp"
#include "kernel/abi/tree.hpp"
#include "kernel/base/result.hpp"

// The machine's: the way into the kernel, in the C calling convention.
extern "C" kernel::abi::CallResult chitin_gate(std::uint64_t a1, std::uint64_t a2,
                                               std::uint64_t a3, std::uint64_t a4,
                                               std::uint64_t a5, std::uint64_t a6,
                                               std::uint64_t number);

namespace libos::rt {

using kernel::abi::Call;
using kernel::abi::CapType;
using kernel::abi::FrameNumber;
using kernel::abi::Instant;
using kernel::abi::Nanoseconds;
using kernel::abi::Rights;
using kernel::abi::Slot;
using kernel::abi::Status;
using kernel::abi::VirtAddr;
using kernel::base::Result;

inline constexpr Slot self{0};

namespace calls {

// What a call answered, its value kept also where it failed (no_table tells a level).
struct Answer {
    Status status;
    std::uint64_t value;
};

template <class... Word>
Answer ask(Call call, Word... words) {
    const std::uint64_t word[6] = {static_cast<std::uint64_t>(words)...};
    for (;;) {
        const auto result = chitin_gate(word[0], word[1], word[2], word[3], word[4], word[5],
                                        static_cast<std::uint64_t>(call));
        const auto status = static_cast<Status>(result.status);
        if (status != Status::again) return {status, result.value};
    }
}

template <class... Word>
Result<std::uint64_t> make(Call call, Word... words) {
    const Answer answer = ask(call, words...);
    if (answer.status != Status::ok) return kernel::base::error(answer.status);
    return answer.value;
}

inline Result<std::uint64_t> null() { return make(Call::null); }

// ---- capabilities

inline Result<std::uint64_t> cap_derive(Slot source, Slot destination, Rights rights) {
    return make(Call::cap_derive, source.value, destination.value, rights);
}
// To an environment of another core; `half` stands for it in the caller's own table.
inline Result<std::uint64_t> cap_lend(Slot env, Slot source, Slot its, Rights rights, Slot half) {
    return make(Call::cap_lend, env.value, source.value, its.value, rights, half.value);
}
inline Result<std::uint64_t> cap_grant(Slot env, Slot source, Slot its, Rights rights) {
    return make(Call::cap_grant, env.value, source.value, its.value, rights);
}
inline Result<std::uint64_t> cap_delete(Slot slot, Slot env = self) {
    return make(Call::cap_delete, env.value, slot.value);
}
inline Result<std::uint64_t> cap_revoke(Slot slot) { return make(Call::cap_revoke, slot.value); }

struct Identity {
    CapType type;
    Rights rights;
    FrameNumber object;
};
inline Result<Identity> cap_identify(Slot slot, Slot env = self) {
    const std::uint64_t word = TRY(make(Call::cap_identify, env.value, slot.value));
    return Identity{static_cast<CapType>(word & 0xff), static_cast<Rights>(word >> 8 & 0xff),
                    FrameNumber{static_cast<std::uint32_t>(word >> 32)}};
}

// ---- frames and page tables

inline Result<FrameNumber> frame_allocate(Slot account, Slot destination,
                                          FrameNumber frame = kernel::abi::any_frame) {
    const std::uint64_t name =
        TRY(make(Call::frame_allocate, account.value, destination.value, frame.value));
    return FrameNumber{static_cast<std::uint32_t>(name)};
}
inline Result<std::uint64_t> frame_guarantee(Slot slot, bool on, Slot env = self) {
    return make(Call::frame_guarantee, env.value, slot.value, on ? 1 : 0);
}
inline Answer map(Slot slot, VirtAddr address, Rights rights, Slot env = self) {
    return ask(Call::map, env.value, slot.value, address.value, rights);
}

// A mapping's accessed and dirty bits, as unmap and protect tell them.
struct Usage {
    bool accessed;
    bool dirty;
};
inline Result<Usage> unmap(Slot slot, std::uint64_t value, Slot env = self) {
    const std::uint64_t bits = TRY(make(Call::unmap, env.value, slot.value, value));
    return Usage{(bits & 1) != 0, (bits & 2) != 0};
}
inline Result<Usage> protect(Slot slot, Rights rights, Slot env = self) {
    const std::uint64_t bits = TRY(make(Call::protect, env.value, slot.value, rights));
    return Usage{(bits & 1) != 0, (bits & 2) != 0};
}
inline Result<std::uint64_t> entry_store(VirtAddr address, std::uint64_t value, Slot env = self) {
    return make(Call::entry_store, env.value, address.value, value);
}
inline Answer table_install(Slot slot, VirtAddr address, unsigned level, Slot env = self) {
    return ask(Call::table_install, env.value, slot.value, address.value, level);
}
inline constexpr unsigned age_accessed = 1;
inline constexpr unsigned age_dirty = 2;
inline Result<std::uint64_t> table_age(VirtAddr address, unsigned count, unsigned bits,
                                       Slot env = self) {
    return make(Call::table_age, env.value, address.value, count, bits);
}

// ---- accounts

inline Result<std::uint64_t> account_create(Slot parent, Slot frame, std::uint32_t limit,
                                            std::uint32_t guarantee) {
    return make(Call::account_create, parent.value, frame.value, limit, guarantee);
}
inline Result<std::uint64_t> account_limit(Slot account, std::uint32_t limit,
                                           std::uint32_t guarantee) {
    return make(Call::account_limit, account.value, limit, guarantee);
}
inline Result<std::uint64_t> account_revoke(Slot account, std::uint32_t count, Instant deadline) {
    return make(Call::account_revoke, account.value, count, deadline.value);
}

// ---- environments

inline Result<kernel::abi::EnvId> env_create(Slot account, Slot env, Slot table, Slot root) {
    const std::uint64_t id =
        TRY(make(Call::env_create, account.value, env.value, table.value, root.value));
    return kernel::abi::EnvId{static_cast<std::uint16_t>(id)};
}
inline Result<std::uint64_t> env_extend(Slot env, Slot frame) {
    return make(Call::env_extend, env.value, frame.value);
}
inline Result<std::uint64_t> env_start(Slot env, std::uint64_t entry, VirtAddr stack,
                                       std::uint64_t argument) {
    return make(Call::env_start, env.value, entry, stack.value, argument);
}
inline Result<std::uint64_t> env_vector(Slot slot, Slot env = self) {
    return make(Call::env_vector, env.value, slot.value);
}
inline Result<std::uint64_t> env_destroy(Slot env) { return make(Call::env_destroy, env.value); }
[[noreturn]] inline void env_exit(std::uint32_t code) {
    make(Call::env_exit, code);
    __builtin_trap();
}

// ---- time and console

inline Result<std::uint64_t> yield(Slot env = self) { return make(Call::yield, env.value); }
inline Result<std::uint64_t> wake(Slot env) { return make(Call::wake, env.value); }
inline Result<std::uint64_t> park(Instant deadline) { return make(Call::park, deadline.value); }

// ---- downloaded code

// `first` and the frames behind it by name become the code, in `first`.
inline Result<std::uint64_t> code_load(Slot first, std::uint32_t frames, VirtAddr program,
                                       std::uint32_t units, kernel::abi::CodeKind kind) {
    return make(Call::code_load, first.value, frames, program.value, units, kind);
}
// Value: the most instructions it runs; with code_refused, where and why (fault_of).
inline Answer code_verify(Slot code) { return ask(Call::code_verify, code.value); }
inline Result<std::uint64_t> park_until(Slot code, Instant deadline, Slot one, Slot other) {
    return make(Call::park_until, code.value, deadline.value, one.value, other.value);
}

// ---- control transfer

using Words = std::uint64_t[kernel::abi::transfer_words];

// Value: the reply's first word; all are in the upcall page's `message`.
inline Result<std::uint64_t> transfer_call(Slot env, const Words& words) {
    return make(Call::transfer_call, env.value, words[0], words[1], words[2], words[3], words[4]);
}
// Replies to the one that called, if any. The next caller; no_env: an upcall, wake or deadline.
inline Result<kernel::abi::EnvId> transfer_wait(Instant deadline, const Words& reply) {
    const std::uint64_t caller = TRY(make(Call::transfer_wait, deadline.value, reply[0], reply[1],
                                          reply[2], reply[3], reply[4]));
    return kernel::abi::EnvId{static_cast<std::uint16_t>(caller)};
}

// What is left of the span: something was due before its end.
inline Result<std::uint64_t> compute(Nanoseconds span) { return make(Call::compute, span.value); }
inline Instant now() { return Instant{make(Call::now).value_or(0)}; }

// ---- the core's time

inline Result<std::uint32_t> slice_allocate(Slot cycle, Slot destination,
                                            std::uint32_t position = kernel::abi::any_position) {
    const std::uint64_t name =
        TRY(make(Call::slice_allocate, cycle.value, destination.value, position));
    return static_cast<std::uint32_t>(name);
}
inline Result<std::uint64_t> slice_bind(Slot slice, Slot env = self) {
    return make(Call::slice_bind, slice.value, env.value);
}
inline Result<std::uint64_t> cycle_shape(Slot cycle, std::uint32_t positions, Nanoseconds length,
                                         Nanoseconds grace) {
    return make(Call::cycle_shape, cycle.value, positions, length.value, grace.value);
}
inline Result<std::uint64_t> cycle_idle(Slot cycle, Slot env) {
    return make(Call::cycle_idle, cycle.value, env.value);
}
// Idle time goes to all in turn.
inline Result<std::uint64_t> cycle_idle_to_all(Slot cycle) {
    return make(Call::cycle_idle, cycle.value, ~std::uint64_t{0});
}

// ---- disks (kernel/abi/disk.hpp)

struct BlockRange {
    std::uint32_t first;
    std::uint32_t count;
};
inline BlockRange block_range(std::uint64_t value) {
    return {static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(value >> 32)};
}
inline Result<std::uint32_t> extent_allocate(Slot disk, Slot destination, std::uint32_t first,
                                             std::uint32_t count,
                                             const kernel::abi::ExtentName& name) {
    const std::uint64_t block = TRY(make(Call::extent_allocate, disk.value, destination.value,
                                         first, count, name.low, name.high));
    return static_cast<std::uint32_t>(block);
}
inline Result<BlockRange> extent_open(Slot disk, Slot destination,
                                      const kernel::abi::ExtentName& name) {
    return block_range(TRY(make(Call::extent_open, disk.value, destination.value, name.low,
                                name.high)));
}
inline Result<std::uint64_t> extent_part(Slot extent, Slot destination, std::uint32_t first,
                                         std::uint32_t count, Rights rights) {
    return make(Call::extent_part, extent.value, destination.value, first, count, rights);
}
inline Result<BlockRange> extent_range(Slot extent) {
    return block_range(TRY(make(Call::extent_range, extent.value)));
}
inline Result<std::uint64_t> extent_free(Slot extent) {
    return make(Call::extent_free, extent.value);
}
inline Result<std::uint64_t> disk_ring(Slot extent, Slot its, Slot env = self) {
    return make(Call::disk_ring, env.value, extent.value, its.value);
}
inline Result<std::uint64_t> disk_ring_none(Slot extent, Slot env = self) {
    return make(Call::disk_ring, env.value, extent.value, ~std::uint64_t{0});
}
inline Result<std::uint64_t> disk_submit(Slot extent, std::uint32_t count) {
    return make(Call::disk_submit, extent.value, count);
}
inline Result<std::uint64_t> disk_share(Slot disk, Slot env, std::uint32_t weight) {
    return make(Call::disk_share, disk.value, env.value, weight);
}

// ---- trees of blocks (kernel/abi/tree.hpp)

// `extent` and the `frames` frames from `first` on become the tree, in `first`.
inline Result<std::uint64_t> tree_open(Slot extent, Slot first, std::uint32_t frames, Slot codes) {
    return make(Call::tree_open, extent.value, first.value, frames, codes.value);
}
inline Result<std::uint64_t> tree_scan(Slot node) { return make(Call::tree_scan, node.value); }
inline Result<std::uint32_t> tree_allocate(Slot node, std::uint32_t type,
                                           std::uint32_t block = kernel::abi::any_block) {
    const std::uint64_t found = TRY(make(Call::tree_allocate, node.value, block, type));
    return static_cast<std::uint32_t>(found);
}
inline Result<std::uint64_t> tree_release(Slot node, std::uint32_t block) {
    return make(Call::tree_release, node.value, block);
}
inline Result<std::uint64_t> tree_node(Slot node, Slot destination, std::uint32_t block,
                                       Rights rights) {
    return make(Call::tree_node, node.value, destination.value, block, rights);
}
inline Result<kernel::abi::BlockLook> tree_look(Slot node, std::uint32_t block) {
    return kernel::abi::look_of(TRY(make(Call::tree_look, node.value, block)));
}

// ---- the registry of cached blocks (kernel/abi/disk.hpp)

inline Result<std::uint64_t> registry_enter(Slot blocks, std::uint32_t block, Slot frame) {
    return make(Call::registry_enter, blocks.value, block, frame.value);
}
// Value: who caches it.
inline Result<kernel::abi::EnvId> registry_find(Slot blocks, std::uint32_t block,
                                                Slot destination) {
    const std::uint64_t id =
        TRY(make(Call::registry_find, blocks.value, block, destination.value));
    return kernel::abi::EnvId{static_cast<std::uint16_t>(id)};
}

inline Result<std::uint64_t> console_write(Slot console, kernel::abi::Channel channel,
                                           const char* bytes, std::size_t size) {
    return make(Call::console_write, console.value, channel,
                reinterpret_cast<std::uint64_t>(bytes), size);
}

}  // namespace calls

}  // namespace libos::rt
