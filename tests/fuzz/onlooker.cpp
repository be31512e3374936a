#include "tests/fuzz/onlooker.hpp"

#include "scenarios/programs/sequence_words.hpp"

namespace tests::fuzz {

using scenarios::sequence::Step;
using sim::explore::DecisionKind;

sim::explore::Stall Wishes::stall(const sim::explore::Moment& moment) {
    return {take(DecisionKind::stall, moment.core), 0};
}

std::uint64_t Wishes::choose(DecisionKind kind, std::uint32_t core, std::uint64_t) {
    return take(kind, core);
}

std::uint64_t Wishes::take(DecisionKind kind, std::uint32_t core) {
    for (auto it = requests_.begin(); it != requests_.end(); ++it) {
        if (it->wish.kind != kind || it->core != core) continue;
        if (it->wish.after-- > 0) return 0;
        const std::uint64_t value = it->wish.value;
        requests_.erase(it);
        return value;
    }
    return 0;
}

Wish wish_of(const scenarios::sequence::Plan& plan, const Step& step) {
    const auto kind = static_cast<DecisionKind>(step.argument[0] % kinds_of(plan));
    const unsigned byte = step.argument[2];
    std::uint64_t value = scenarios::sequence::span_word(byte);
    if (kind == DecisionKind::kill || kind == DecisionKind::allocation) value = 1;
    if (kind == DecisionKind::interrupt) value = 1 + byte % 3;
    // Of a disk: looks, blocks, sectors, bits.
    if (kind >= DecisionKind::disk_late && kind <= DecisionKind::disk_rot) value = 1 + byte;
    return {kind, step.argument[1], value};
}

sim::machine::Interference Onlooker::after_event(std::uint32_t core,
                                                 const kernel::abi::Event& event,
                                                 kernel::abi::Instant now) {
    using namespace scenarios::sequence;
    const bool identified = event.kind == kernel::abi::EventKind::call &&
                            event.code == static_cast<std::uint8_t>(Call::cap_identify);
    if (identified && event.words[1] - mark < count_of(sequence_)) {
        wishes_.ask(core, wish_of(plan_of(sequence_), step_of(sequence_, event.words[1] - mark)));
    }
    begun_ |= identified && event.words[1] == mark_ready;
    if (event.kind == kernel::abi::EventKind::fault && ++faults_ == faults_max) {
        return {.stop = true};
    }
    return Recorder::after_event(core, event, now);
}

}  // namespace tests::fuzz
