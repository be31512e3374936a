#include "kernel/code/verify/verifier.hpp"

#include "kernel/base/arena.hpp"
#include "kernel/code/verify/explorer.hpp"

namespace kernel::code::verify {

namespace {

// Every helper that is called exists, even where no path leads: the compiler needs its address.
CodeFault helpers_known(std::span<const Instruction> units, std::span<const Helper> helpers) {
    for (std::uint32_t at = 0; at < units.size(); ++at) {
        const Instruction& i = units[at];
        if (i.opcode != opcode_call || calls_local(i)) continue;
        if (find_helper(helpers, i.imm) == nullptr) return {at, CodeReason::unknown_helper};
    }
    return {};
}

}  // namespace

std::size_t memory_min(std::size_t instructions) {
    constexpr std::size_t branches_waiting = 16;
    return base::Arena::room<State>(1) + base::Arena::room<Note>(instructions) +
           branches_waiting * (sizeof(Head) + sizeof(Frame) + sizeof(Spill)) + alignof(State);
}

Verdict verify(std::span<const Instruction> units, const Contract& contract,
               std::span<std::byte> memory) {
    Verdict verdict;
    verdict.fault = form(units);
    if (verdict.accepted()) verdict.fault = helpers_known(units, contract.helpers);
    if (!verdict.accepted()) return verdict;
    if (memory.size() < memory_min(units.size())) {
        verdict.fault.reason = CodeReason::no_room;
        return verdict;
    }
    base::Arena arena{memory};
    State& state = arena.take<State>(1).front();
    const std::span<Note> notes = arena.take<Note>(units.size());
    take_notes(units, notes);
    // Behind the notes everything is aligned to 8 bytes, as they are.
    static_assert(alignof(State) == 8 && sizeof(Note) == 8);
    const std::size_t fixed = arena.used();
    verdict = Explorer{units, contract, notes, state, memory.subspan(fixed)}.run();
    verdict.memory_used += static_cast<std::uint32_t>(fixed);
    if (verdict.accepted() && verdict.steps_max > contract.steps_max) {
        verdict.fault.reason = CodeReason::bound_over_limit;
    }
    return verdict;
}

}  // namespace kernel::code::verify
