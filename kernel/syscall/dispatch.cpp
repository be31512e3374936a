#include "kernel/syscall/dispatch.hpp"

#include "kernel/env/record.hpp"
#include "kernel/syscall/recording.hpp"

namespace kernel::syscall {

namespace {

constexpr auto call_count = static_cast<std::uint64_t>(abi::Call::call_count);

constexpr Handler handlers[] = {
    null,           cap_derive,     cap_grant,       cap_delete,    cap_revoke,
    cap_identify,   frame_allocate, frame_guarantee, map,           unmap,
    protect,        entry_store,    table_install,   table_age,     account_create,
    account_limit,  account_revoke, env_create,      env_extend,    env_start,
    env_vector,     env_destroy,    env_exit,        yield,         park,
    wake,           transfer_call,  transfer_wait,   compute,       now,
    slice_allocate, slice_bind,     cycle_shape,     cycle_idle,    console_write,
    cap_lend,       code_load,      code_verify,     park_until,    extent_allocate,
    extent_open,    extent_part,    extent_range,    extent_free,   disk_ring,
    disk_submit,    disk_share,     tree_open,       tree_scan,     tree_allocate,
    tree_release,   tree_node,      tree_look,       registry_enter, registry_find,
};
static_assert(sizeof(handlers) / sizeof(handlers[0]) == call_count);

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
        return refuse(system, caller, number);
    }
    const Arguments arguments{regs};
    const Value result = handlers[number](system, caller, arguments);
    const Status status = result.has_value() ? Status::ok : result.error();
    std::uint64_t value = result.has_value() ? *result : 0;
    if (tells_more(status)) [[unlikely]] {
        value = value_of_failure(system, caller, number, status, arguments);
    }
    record_call(system, caller, number, status, value);
    regs.rax = static_cast<std::uint64_t>(status);
    regs.rdx = value;
}

}  // namespace kernel::syscall
