// Calls on memory accounts: create, limit, revoke.
#include "kernel/env/revocation.hpp"
#include "kernel/syscall/call.hpp"

namespace kernel::syscall {

namespace {

Result<CapRef> find_account(System& system, const Env& caller, Slot slot, Rights rights) {
    return env::find(system, caller, slot, CapType::account, rights);
}

// A number of frames. Errors: bad_argument.
Result<std::uint32_t> frames(std::uint64_t word) {
    if (word > abi::frame_number_max.value) return base::error(Status::bad_argument);
    return static_cast<std::uint32_t>(word);
}

}  // namespace

Value account_create(System& system, Env& caller, const Arguments& arguments) {
    const CapRef above = TRY(find_account(system, caller, arguments.slot(0), Rights::manage));
    const CapRef ref =
        TRY(env::find(system, caller, arguments.slot(1), CapType::frame, Rights::none));
    TRY(env::check_retype(system, ref));
    const std::uint32_t limit = TRY(frames(arguments.word(2)));
    const std::uint32_t guarantee = TRY(frames(arguments.word(3)));
    const FrameNumber parent = system.forest.at(above).object;
    // An account is drained with its payer: only the parent may pay for it.
    if (system.memory.frame(system.forest.at(ref).object).account != parent ||
        system.memory.account(parent).depth == mem::account_depth_max) {
        return base::error(Status::bad_argument);
    }
    // The frame is still ordinary memory here; only its contents are laid out, so that failing
    // leaves it as it was but for them.
    Capability& capability = system.forest.at(ref);
    TRY(system.memory.open_account(capability.object, parent, limit, guarantee));
    system.memory.retype(capability.object, abi::FrameState::account, FrameNumber{0});
    capability.type = CapType::account;
    capability.rights = Rights::all;
    return 0;
}

Value account_limit(System& system, Env& caller, const Arguments& arguments) {
    const CapRef ref = TRY(find_account(system, caller, arguments.slot(0), Rights::manage));
    const std::uint32_t limit = TRY(frames(arguments.word(1)));
    const std::uint32_t guarantee = TRY(frames(arguments.word(2)));
    TRY(system.memory.limit_account(system.forest.at(ref).object, limit, guarantee));
    return 0;
}

Value account_revoke(System& system, Env& caller, const Arguments& arguments) {
    const CapRef ref = TRY(find_account(system, caller, arguments.slot(0), Rights::revoke));
    const std::uint32_t count = TRY(frames(arguments.word(1)));
    if (count == 0) return base::error(Status::bad_argument);
    const FrameNumber account = system.forest.at(ref).object;
    if (system.memory.account(account).active) return base::error(Status::busy);
    env::start_request(system, account, caller.id, count, abi::Instant{arguments.word(2)});
    return 0;
}

}  // namespace kernel::syscall
