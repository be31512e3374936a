#include "kernel/syscall/dispatch.hpp"

#include "kernel/env/record.hpp"
#include "kernel/syscall/call.hpp"

namespace kernel::syscall {

namespace {

constexpr auto call_count = static_cast<std::uint64_t>(abi::Call::call_count);

constexpr Handler handlers[] = {
    null,           cap_derive,     cap_grant,       cap_delete,    cap_revoke,
    cap_identify,   frame_allocate, frame_guarantee, map,           unmap,
    protect,        entry_store,    table_install,   table_age,     account_create,
    account_limit,  account_revoke, env_create,      env_extend,    env_start,
    env_vector,     env_destroy,    env_exit,        yield,         park,
    compute,        now,            slice_allocate,  slice_bind,    cycle_shape,
    cycle_idle,     console_write,
};
static_assert(sizeof(handlers) / sizeof(handlers[0]) == call_count);

// no_table tells as its value which level is missing on the way to the call's address.
std::uint64_t missing_level(System& system, const Env& caller, std::uint64_t number,
                            const Arguments& arguments) {
    const auto target = find_env(system, caller, arguments.slot(0));
    const unsigned mask = abi::call_shapes[number].address_mask;
    if (!target.has_value() || mask == 0) return 0;
    const abi::VirtAddr address{arguments.word(__builtin_ctz(mask))};
    return system.space(**target).missing_level(address);
}

[[gnu::noinline]] void record_words(System& system, Env& caller, std::uint64_t number,
                                    Status status, std::uint64_t value) {
    const abi::CallShape& shape = abi::call_shapes[number];
    const abi::SavedState& regs = caller.context.regs;
    const std::uint64_t arguments[] = {regs.rdi, regs.rsi, regs.rdx, regs.r10, regs.r8, regs.r9};
    std::uint64_t words[abi::event_words_max];
    std::uint32_t count = 0;
    for (unsigned i = 0; i < shape.arguments; ++i) {
        if ((shape.opaque_mask >> i & 1) != 0) continue;
        const bool address = (shape.address_mask >> i & 1) != 0;
        words[count++] = address ? system.recorded(arguments[i]) : arguments[i];
    }
    if (value != 0) words[count++] = value;
    env::record(system, caller, abi::EventKind::call, static_cast<std::uint8_t>(number), status,
                words, count);
}

// The registers still hold the arguments.
void record_call(System& system, Env& caller, std::uint64_t number, Status status,
                 std::uint64_t value) {
    if (abi::call_shapes[number].arguments != 0 || value != 0 || system.core.tracing()) {
        return record_words(system, caller, number, status, value);
    }
    env::extend_history(*caller.info, env::event_head(abi::EventKind::call, number, status, 0));
}

}  // namespace

void dispatch(System& system, Env& caller) {
    abi::SavedState& regs = caller.context.regs;
    const std::uint64_t number = regs.rax;
    system.memory.charge(system.memory.costs().call);
    caller.info->calls++;
    if (number >= call_count) [[unlikely]] {
        const std::uint64_t words[] = {number};
        env::record(system, caller, abi::EventKind::call, 0xff, Status::bad_call, words, 1);
        regs.rax = static_cast<std::uint64_t>(Status::bad_call);
        regs.rdx = 0;
        return;
    }
    const Arguments arguments{regs};
    const Value result = handlers[number](system, caller, arguments);
    const Status status = result.has_value() ? Status::ok : result.error();
    std::uint64_t value = result.has_value() ? *result : 0;
    if (status == Status::no_table) [[unlikely]] {
        value = missing_level(system, caller, number, arguments);
    }
    record_call(system, caller, number, status, value);
    regs.rax = static_cast<std::uint64_t>(status);
    regs.rdx = value;
}

}  // namespace kernel::syscall
