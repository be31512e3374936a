#include "kernel/env/holdings.hpp"

#include "kernel/abi/code.hpp"
#include "kernel/abi/tree.hpp"
#include "kernel/env/extents.hpp"
#include "kernel/env/lending.hpp"
#include "kernel/env/revocation.hpp"
#include "kernel/env/slices.hpp"

namespace kernel::env {

namespace {

// Of an object of frames in a row.
constexpr std::uint32_t row_frames_max =
    max(abi::code_frames_max, abi::tree_frames(abi::tree_blocks_max));

// The last capability of an account is about to go: its frames become its parent's.
bool close_account(System& system, FrameNumber name, std::uint32_t& steps) {
    mem::Account& account = system.memory.account(name);
    if (account.parent.value == 0) return true;  // the root account stays
    cancel_request(system, name);
    if (!system.memory.drain_account(name, steps)) return false;
    // All of them: those of a sub-account that closed before are here without being bound.
    for (const FrameNumber frame : system.envs) {
        if (frame.value == 0) continue;
        Env& env = system.env(frame);
        if (env.account != name) continue;
        env.account = account.parent;
        system.info(env).account = account.parent;
    }
    if (account.bound.value != 0) system.memory.bind_account(name, FrameNumber{0}, abi::no_env);
    system.memory.close_account(name);
    return true;
}

abi::VirtAddr page_address(System& system, std::uint32_t page) {
    return abi::VirtAddr{system.window_base + (std::uint64_t{page} << abi::page_shift)};
}

void release_code_page(System& system, FrameNumber object) {
    for (FrameNumber& user : system.code_pages) {
        if (user != object) continue;
        user = FrameNumber{0};
        system.memory.system().code_compiled--;
    }
}

// A frame nobody names any more goes back to the free list.
void object_unnamed(System& system, CapType type, FrameNumber object) {
    const abi::FrameState state = system.memory.frame(object).state;
    const bool memory = type == CapType::frame || type == CapType::table;
    if (memory && (state == abi::FrameState::user || state == abi::FrameState::table)) {
        forget_frame(system, object);
    } else if (type == CapType::account && state == abi::FrameState::account) {
        forget_frame(system, object);
    } else if (type == CapType::code) {
        release_row(system, object, 0);
    } else if (type == CapType::node) {
        name_tree(system, system.memory.object<TreeBase>(object), FrameNumber{0});
        release_row(system, object, 0);
    }
}

}  // namespace

Result<CapRef> slot_of(const Env& env, Slot slot) {
    if (slot.value >= env.slots()) return base::error(Status::bad_slot);
    return cap::ref_of(env.table_frames[slot.value / abi::table_slots_per_frame],
                       slot.value % abi::table_slots_per_frame);
}

Result<CapRef> find(System& system, const Env& env, Slot slot, CapType type, Rights rights) {
    const CapRef ref = TRY(slot_of(env, slot));
    const Capability& capability = system.forest.at(ref);
    if (capability.type == CapType::none) return base::error(Status::empty_slot);
    if (capability.type != type) return base::error(Status::wrong_type);
    if (!includes(capability.rights, rights)) return base::error(Status::no_right);
    return ref;
}

Result<CapRef> find_empty(System& system, const Env& env, Slot slot) {
    const CapRef ref = TRY(slot_of(env, slot));
    if (system.forest.at(ref).type != CapType::none) return base::error(Status::occupied_slot);
    return ref;
}

Env& holder(System& system, CapRef ref) {
    return system.env(system.memory.frame(cap::table_frame_of(ref)).owner);
}

Slot slot_in_holder(System& system, CapRef ref) {
    const FrameNumber table = cap::table_frame_of(ref);
    // A table frame's place in its environment's table is kept in `entries`.
    return Slot{system.memory.frame(table).entries * abi::table_slots_per_frame +
                cap::index_of(ref)};
}

Result<void> check_retype(System& system, CapRef ref) {
    const Capability& capability = system.forest.at(ref);
    if (!includes(capability.rights, Rights::write)) return base::error(Status::no_right);
    if (system.elsewhere(capability.object)) return base::error(Status::other_core);
    const abi::FrameInfo& frame = system.memory.frame(capability.object);
    if (frame.state != abi::FrameState::user || frame.caps != 1 || capability.mapping != 0) {
        return base::error(Status::busy);
    }
    return {};
}

void release_row(System& system, FrameNumber object, std::uint32_t kept) {
    const std::uint32_t frames = system.memory.frame(object).entries;
    CHITIN_ASSERT(frames >= kept && frames <= row_frames_max);
    system.memory.frame(object).entries = kept;
    if (kept == 0) release_code_page(system, object);
    for (std::uint32_t i = frames; i-- > kept;) {
        forget_frame(system, FrameNumber{object.value + i});
    }
}

std::uint64_t unmap(System& system, CapRef ref, std::uint64_t value) {
    Capability& capability = system.forest.at(ref);
    CHITIN_ASSERT(capability.type == CapType::frame && capability.mapping != 0);
    const abi::VirtAddr address = page_address(system, capability.mapping);
    capability.mapping = 0;
    Env& env = holder(system, ref);
    if (env.vector == ref) {  // its upcall page: from now on it has none
        env.vector = cap::no_cap;
        env.page = nullptr;
    }
    return system.space(env).unmap(address, value);
}

Status deletable(System& system, CapRef ref) {
    const Capability& capability = system.forest.at(ref);
    if (system.elsewhere(capability.object)) return Status::ok;
    const abi::FrameInfo& frame = system.memory.frame(capability.object);
    switch (capability.type) {
        case CapType::table:
            return frame.entries == 0 && capability.child == cap::no_cap ? Status::ok
                                                                         : Status::busy;
        case CapType::environment:
            // The environment's own slot 0, and the last one besides it, go by env_destroy.
            if (holder(system, ref).self == capability.object &&
                slot_in_holder(system, ref) == Slot{0}) {
                return Status::busy;
            }
            return frame.caps > 2 ? Status::ok : Status::busy;
        case CapType::account: {
            const mem::Account& account = system.memory.account(capability.object);
            const bool in_use = account.held != 0 || account.bound.value != 0;
            return frame.caps == 1 && account.depth > 1 && in_use ? Status::busy : Status::ok;
        }
        default:
            return Status::ok;
    }
}

bool erase(System& system, CapRef ref, std::uint32_t& steps) {
    Capability& capability = system.forest.at(ref);
    const CapType type = capability.type;
    const FrameNumber object = capability.object;
    CHITIN_ASSERT(type != CapType::none);
    if (capability.link != cap::Link::none && !let_go(system, ref, steps)) return false;
    while (capability.child != cap::no_cap) {
        if (steps == 0) return false;
        --steps;
        system.forest.move_child(ref, capability.parent);
    }
    if (steps == 0) return false;
    --steps;
    const bool last = !system.elsewhere(object) && system.memory.frame(object).caps == 1;
    if (type == CapType::account && last && !close_account(system, object, steps)) return false;
    if (type == CapType::frame && capability.mapping != 0) unmap(system, ref, 0);
    if (type == CapType::table) {
        const unsigned level = system.memory.frame(object).level;
        system.space(holder(system, ref))
            .uninstall(page_address(system, capability.mapping), level);
        capability.mapping = 0;
    }
    if (type == CapType::slice) forget_slice(system, ref);
    if (type == CapType::extent) forget_extent(system, ref);
    system.forest.remove(ref);
    system.memory.charge(system.memory.costs().capability);
    if (last) object_unnamed(system, type, object);
    return true;
}

// What was lent is asked back from all cores before any answer is waited for.
bool revoke(System& system, CapRef ref, std::uint32_t& steps) {
    const Capability& capability = system.forest.at(ref);
    for (CapRef child = capability.child; child != cap::no_cap;) {
        const Capability& derived = system.forest.at(child);
        const CapRef next = derived.next;
        if (derived.child != cap::no_cap) {  // flatten: grandchildren come up
            if (steps == 0) return false;
            --steps;
            system.forest.move_child(child, ref);
            child = capability.child;
            continue;
        }
        if (!erase(system, child, steps)) {
            if (!cap::is_lender(derived.link) || steps == 0) return false;
            --steps;
        }
        child = next;
    }
    return capability.child == cap::no_cap;
}

}  // namespace kernel::env
