#include "libos/rt/nursery.hpp"

namespace libos::rt {

Result<void> Nursery::open_account(std::uint32_t limit_frames, std::uint32_t guarantee_frames) {
    Space& space = environment_.space();
    const Slot frame = TRY(space.allocate());
    const auto opened = calls::account_create(kernel::abi::slot_account, frame, limit_frames,
                                              guarantee_frames);
    if (!opened.has_value()) {
        space.release(frame);
        return kernel::base::error(opened.error());
    }
    child_.account = frame;
    return {};
}

Result<void> Nursery::create() {
    Space& space = environment_.space();
    Slot frames[3];
    unsigned count = 0;
    Status status = Status::ok;
    while (count < 3 && status == Status::ok) {
        const auto slot = allocate();
        status = slot.has_value() ? Status::ok : slot.error();
        if (slot.has_value()) frames[count++] = *slot;
    }
    if (status == Status::ok) {
        const auto id = calls::env_create(child_.account, frames[0], frames[1], frames[2]);
        if (id.has_value()) {
            child_.env = frames[0];
            child_.id = *id;
            space.give_slot(frames[1]);
            space.give_slot(frames[2]);
            return {};
        }
        status = id.error();
    }
    while (count-- > 0) space.release(frames[count]);
    return kernel::base::error(status);
}

Result<void> Nursery::open(std::uint32_t limit_frames, std::uint32_t guarantee_frames) {
    TRY(open_account(limit_frames, guarantee_frames));
    const auto created = create();
    if (!created.has_value()) environment_.space().release(child_.account);
    return created;
}

Result<void> Nursery::hand_over(Slot slot, Slot its) {
    const auto granted = calls::cap_grant(child_.env, slot, its, Rights::all);
    environment_.space().release(slot);
    if (!granted.has_value()) return kernel::base::error(granted.error());
    return {};
}

Result<void> Nursery::install(VirtAddr address, unsigned level, Slot its) {
    TRY(hand_over(TRY(allocate()), its));
    const calls::Answer answer = calls::table_install(its, address, level, child_.env);
    if (answer.status != Status::ok) return kernel::base::error(answer.status);
    return {};
}

Result<void> Nursery::map(Slot its, VirtAddr address, Rights rights, std::uint32_t* spare) {
    for (unsigned tables = 0;; ++tables) {
        const calls::Answer answer = calls::map(its, address, rights, child_.env);
        if (answer.status == Status::ok) return {};
        const bool missing = answer.status == Status::no_table && spare != nullptr && tables < 3;
        if (!missing) return kernel::base::error(answer.status);
        TRY(install(address, static_cast<unsigned>(answer.value), Slot{(*spare)++}));
    }
}

Result<void> Nursery::extend() {
    const Slot frame = TRY(allocate());
    const auto done = calls::env_extend(child_.env, frame);
    if (!done.has_value()) {
        environment_.space().release(frame);
        return kernel::base::error(done.error());
    }
    environment_.space().give_slot(frame);
    return {};
}

Result<void> Nursery::grant_basics(const SpawnOptions& options) {
    TRY(calls::cap_grant(child_.env, child_.account, kernel::abi::slot_account,
                         options.account_rights));
    TRY(calls::cap_grant(child_.env, kernel::abi::slot_console, kernel::abi::slot_console,
                         options.console_rights));
    if (options.extent != Slot{0}) {
        TRY(calls::cap_grant(child_.env, options.extent, kernel::abi::slot_extent, Rights::all));
    }
    const auto cycle = TRY(calls::cap_identify(kernel::abi::slot_cycle));
    if (options.account_rights != Rights::all || cycle.type != CapType::cycle) return {};
    TRY(calls::cap_grant(child_.env, kernel::abi::slot_cycle, kernel::abi::slot_cycle,
                         cycle.rights));
    return {};
}

}  // namespace libos::rt
