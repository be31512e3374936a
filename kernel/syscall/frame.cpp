// Calls on frames and page tables: allocate, guarantee, map, unmap, protect, install, age.
#include "kernel/syscall/call.hpp"

namespace kernel::syscall {

namespace {

using abi::VirtAddr;

constexpr std::uint64_t value_max = (std::uint64_t{1} << 63) - 1;

Result<CapRef> find_frame(System& system, const Env& target, Slot slot, Rights rights) {
    return env::find(system, target, slot, CapType::frame, rights);
}

// A page address inside the libOSes' slots. Errors: misaligned, bad_address.
Result<VirtAddr> page_at(const System& system, std::uint64_t address, std::uint64_t pages = 1) {
    if (address % abi::page_size != 0) return base::error(Status::misaligned);
    const abi::SystemInfo& info = const_cast<System&>(system).memory.system();
    if (!mem::Space::inside(info, VirtAddr{address}, pages)) {
        return base::error(Status::bad_address);
    }
    return VirtAddr{address};
}

std::uint32_t page_number(const System& system, VirtAddr address) {
    return static_cast<std::uint32_t>(system.relative(address.value) >> abi::page_shift);
}

VirtAddr mapped_at(const System& system, const Capability& capability) {
    return VirtAddr{system.window_base +
                    (std::uint64_t{capability.mapping} << abi::page_shift)};
}

// The rights of a mapping. Errors: bad_argument, no_executable_writes, no_right.
Result<Rights> mapping_rights(const Capability& capability, std::uint64_t wanted) {
    if (wanted > static_cast<std::uint64_t>(Rights::all)) return base::error(Status::bad_argument);
    const auto rights = static_cast<Rights>(wanted);
    TRY(mem::Space::check_rights(rights));
    if (!includes(capability.rights, rights)) return base::error(Status::no_right);
    return rights;
}

}  // namespace

Value frame_allocate(System& system, Env& caller, const Arguments& arguments) {
    const CapRef account = TRY(env::find(system, caller, arguments.slot(0), CapType::account,
                                         Rights::allocate));
    const CapRef to = TRY(env::find_empty(system, caller, arguments.slot(1)));
    if (arguments.word(2) > abi::any_frame.value) return base::error(Status::bad_argument);
    const FrameNumber wanted{static_cast<std::uint32_t>(arguments.word(2))};
    const FrameNumber frame =
        TRY(system.memory.take(system.forest.at(account).object, wanted));
    system.forest.insert(to, CapType::frame, Rights::all, frame, cap::no_cap);
    return frame.value;
}

Value frame_guarantee(System& system, Env& caller, const Arguments& arguments) {
    Env* const target = TRY(find_env(system, caller, arguments.slot(0)));
    const CapRef ref = TRY(find_frame(system, *target, arguments.slot(1), Rights::write));
    if (arguments.word(2) > 1) return base::error(Status::bad_argument);
    const FrameNumber frame = system.forest.at(ref).object;
    if (system.elsewhere(frame)) return base::error(Status::other_core);
    if (system.memory.frame(frame).state != abi::FrameState::user) {
        return base::error(Status::busy);
    }
    TRY(system.memory.guarantee(frame, arguments.word(2) == 1));
    return 0;
}

Value map(System& system, Env& caller, const Arguments& arguments) {
    Env* const target = TRY(find_env(system, caller, arguments.slot(0)));
    const CapRef ref = TRY(find_frame(system, *target, arguments.slot(1), Rights::none));
    Capability& capability = system.forest.at(ref);
    const Rights rights = TRY(mapping_rights(capability, arguments.word(3)));
    const VirtAddr address = TRY(page_at(system, arguments.word(2)));
    if (capability.mapping != 0) return base::error(Status::already_mapped);
    const x86::WalkStep leaf = TRY(system.space(*target).leaf(address));
    if (leaf.entry->valid()) return base::error(Status::already_mapped);

    system.space(*target).map(leaf, address, capability.object, rights);
    capability.mapping = page_number(system, address);
    return 0;
}

Value unmap(System& system, Env& caller, const Arguments& arguments) {
    Env* const target = TRY(find_env(system, caller, arguments.slot(0)));
    const CapRef ref = TRY(find_frame(system, *target, arguments.slot(1), Rights::none));
    if (system.forest.at(ref).mapping == 0) return base::error(Status::not_mapped);
    if (arguments.word(2) > value_max) return base::error(Status::bad_argument);
    return env::unmap(system, ref, arguments.word(2));
}

Value protect(System& system, Env& caller, const Arguments& arguments) {
    Env* const target = TRY(find_env(system, caller, arguments.slot(0)));
    const CapRef ref = TRY(find_frame(system, *target, arguments.slot(1), Rights::none));
    const Capability& capability = system.forest.at(ref);
    const Rights rights = TRY(mapping_rights(capability, arguments.word(2)));
    if (capability.mapping == 0) return base::error(Status::not_mapped);
    return system.space(*target).protect(mapped_at(system, capability), rights);
}

Value entry_store(System& system, Env& caller, const Arguments& arguments) {
    Env* const target = TRY(find_env(system, caller, arguments.slot(0)));
    const VirtAddr address = TRY(page_at(system, arguments.word(1)));
    const x86::WalkStep leaf = TRY(system.space(*target).leaf(address));
    if (leaf.entry->valid()) return base::error(Status::already_mapped);
    if (arguments.word(2) > value_max) return base::error(Status::bad_argument);
    *leaf.entry = x86::PageTableEntry::of_value(arguments.word(2));
    return 0;
}

Value table_install(System& system, Env& caller, const Arguments& arguments) {
    Env* const target = TRY(find_env(system, caller, arguments.slot(0)));
    const CapRef ref = TRY(find_frame(system, *target, arguments.slot(1), Rights::none));
    if (arguments.word(3) < 1 || arguments.word(3) > 3) return base::error(Status::bad_argument);
    const auto level = static_cast<unsigned>(arguments.word(3));
    const VirtAddr address =
        TRY(page_at(system, arguments.word(2) & ~(abi::page_size - 1)));
    TRY(env::check_retype(system, ref));
    const x86::WalkStep parent = TRY(system.space(*target).table_entry(address, level));

    Capability& capability = system.forest.at(ref);
    system.memory.retype(capability.object, abi::FrameState::table, target->self);
    capability.type = CapType::table;
    capability.rights = Rights::read | Rights::grant;
    capability.mapping = page_number(system, address);
    system.space(*target).install(parent, capability.object, level, system.info_window);
    return 0;
}

Value table_age(System& system, Env& caller, const Arguments& arguments) {
    Env* const target = TRY(find_env(system, caller, arguments.slot(0)));
    const std::uint64_t count = arguments.word(2);
    const VirtAddr address = TRY(page_at(system, arguments.word(1)));
    const unsigned first = x86::index_of(address, 1);
    if (count < 1 || count > x86::entries_per_table - first) {
        return base::error(Status::bad_argument);
    }
    if (arguments.word(3) < 1 || arguments.word(3) > 3) return base::error(Status::bad_argument);
    const x86::WalkStep leaf = TRY(system.space(*target).leaf(address));
    return system.space(*target).age(leaf, address, count, arguments.word(3));
}

}  // namespace kernel::syscall
