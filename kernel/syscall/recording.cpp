#include "kernel/syscall/recording.hpp"

#include "kernel/env/record.hpp"

namespace kernel::syscall {

std::uint64_t value_of_failure(System& system, const Env& caller, std::uint64_t number,
                               Status status, const Arguments& arguments) {
    if (status == Status::code_refused) return refusal(system, caller, arguments);
    const auto target = find_env(system, caller, arguments.slot(0));
    const unsigned mask = abi::call_shapes[number].address_mask;
    if (!target.has_value() || mask == 0) return 0;
    const abi::VirtAddr address{arguments.word(__builtin_ctz(mask))};
    return system.space(**target).missing_level(address);
}

void record_words(System& system, Env& caller, std::uint64_t number,
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

void refuse(System& system, Env& caller, std::uint64_t number) {
    const std::uint64_t words[] = {number};
    env::record(system, caller, abi::EventKind::call, 0xff, Status::bad_call, words, 1);
    caller.context.regs.rax = static_cast<std::uint64_t>(Status::bad_call);
    caller.context.regs.rdx = 0;
}

}  // namespace kernel::syscall
