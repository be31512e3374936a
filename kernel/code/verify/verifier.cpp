#include "kernel/code/verify/verifier.hpp"

#include <memory>

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

template <class T>
struct alignas(T) Space {
    std::byte bytes[sizeof(T)];
};

}  // namespace

std::size_t memory_min(std::size_t instructions) {
    constexpr std::size_t branches_waiting = 16;
    return base::Arena::room<Explorer>(1) + base::Arena::room<State>(1) +
           base::Arena::room<Note>(instructions) +
           branches_waiting * (sizeof(Head) + sizeof(Frame) + sizeof(Spill)) + alignof(State);
}

Beginning begin(std::span<const Instruction> units, const Contract& contract,
                std::span<std::byte> memory) {
    CodeFault fault = form(units);
    if (fault.reason == CodeReason::none) fault = helpers_known(units, contract.helpers);
    if (fault.reason != CodeReason::none) return {fault, nullptr};
    if (memory.size() < memory_min(units.size())) return {{0, CodeReason::no_room}, nullptr};
    base::Arena arena{memory};
    const std::span<Space<Explorer>> place = arena.take<Space<Explorer>>(1);
    State& state = arena.take<State>(1).front();
    const std::span<Note> notes = arena.take<Note>(units.size());
    take_notes(units, notes);
    // Behind the notes everything is aligned to 8 bytes, as they are.
    static_assert(alignof(State) == 8 && sizeof(Note) == 8);
    const std::span<std::byte> pool = memory.subspan(arena.used());
    auto* const explorer = reinterpret_cast<Explorer*>(place.data());
    return {{}, std::construct_at(explorer, units, contract, notes, state, pool, arena.used())};
}

Verdict verify(std::span<const Instruction> units, const Contract& contract,
               std::span<std::byte> memory) {
    const Beginning beginning = begin(units, contract, memory);
    if (beginning.explorer == nullptr) return {.fault = beginning.fault};
    while (!beginning.explorer->run(contract.explored_max)) continue;
    return beginning.explorer->verdict();
}

}  // namespace kernel::code::verify
