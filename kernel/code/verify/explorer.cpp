#include "kernel/code/verify/explorer.hpp"

#include <memory>

#include "kernel/base/assert.hpp"

namespace kernel::code::verify {

namespace {

// A state is kept where paths meet, but not again after fewer steps than this.
constexpr std::uint32_t keep_apart = 6;
// Comparisons with kept states that count as one instruction looked at, where registers differ;
// every other counts as one.
constexpr std::uint32_t compared_as_one = 8;
constexpr std::size_t unit = 8;

}  // namespace

Explorer::Explorer(Program program, const Contract& contract, std::span<Note> notes, State& state,
                   std::span<std::byte> pool, std::size_t memory_used)
    : program_{program},
      contract_{contract},
      notes_{notes},
      state_{state},
      pool_{pool},
      execution_{program, contract, notes, state},
      waits_{pool.size() / unit * unit},
      fixed_{static_cast<std::uint32_t>(memory_used)} {
    verdict_.memory_used = fixed_;
}

Explorer::Node& Explorer::node(std::uint32_t name) {
    CHITIN_ASSERT(name != 0);
    return *reinterpret_cast<Node*>(pool_.data() + (name - 1) * unit);
}

bool Explorer::run(std::uint32_t budget) {
    if (!begun_) {
        begun_ = true;
        verdict_.fault.reason = execution_.enter();
    }
    const std::uint32_t from = verdict_.explored;
    bool more = true;
    while (more && verdict_.accepted()) {
        if (verdict_.explored - from >= budget) return false;
        more = explore();
    }
    verdict_.steps_max = whole_;
    const bool over = verdict_.accepted() && whole_ > contract_.steps_max;
    if (over) verdict_.fault = {0, CodeReason::bound_over_limit};
    return true;
}

// One instruction, or what a kept state says about all that follow. False: no path is left.
bool Explorer::explore() {
    const std::uint32_t at = state_.head.next;
    Meeting meeting = Meeting::nothing_known;
    if (notes_[at].meeting != 0) meeting = meet();
    if (meeting == Meeting::known) return end_line(known_);
    const CodeReason reason =
        meeting == Meeting::endless ? CodeReason::endless_loop : advance();
    if (reason != CodeReason::none) {
        verdict_.fault = {at, reason};
    } else if (execution_.ended()) {
        execution_.restart();
        return end_line(0);
    }
    return true;
}

Explorer::Meeting Explorer::meet() {
    const Note& note = notes_[state_.head.next];
    state_.forget(note.live, note.needed);
    const View here = state_.view();
    std::uint32_t name = note.newest;
    while (name != 0) {
        Node& kept = node(name);
        const View there = view_of(reinterpret_cast<const std::byte*>(&kept + 1));
        const bool alike = frames_contain(there, here);
        if (alike || ++compared_ % compared_as_one == 0) ++verdict_.explored;
        if (alike && contains(there, here)) {
            if (kept.open == 0) {
                known_ = kept.rest;
                return Meeting::known;
            }
            if (contains(here, there)) return Meeting::endless;
        }
        name = kept.older;
    }
    if (parent_ == 0 || steps_ >= keep_apart) keep();
    return Meeting::nothing_known;
}

void Explorer::keep() {
    const std::size_t bytes = sizeof(Node) + state_.saved_bytes();
    // A quarter of the pool is left to branches that wait.
    const std::size_t reserve = pool_.size() / 4;
    if (kept_ + bytes + reserve > waits_) return;
    Note& note = notes_[state_.head.next];
    const auto name = static_cast<std::uint32_t>(kept_ / unit + 1);
    std::byte* const at = pool_.data() + kept_;
    std::construct_at(reinterpret_cast<Node*>(at), Node{parent_, note.newest, steps_, 0, 1, 0});
    state_.save(at + sizeof(Node));
    kept_ += bytes;
    note.newest = name;
    parent_ = name;
    steps_ = 0;
    note_memory();
}

void Explorer::note_memory() {
    const auto used = static_cast<std::uint32_t>(pool_.size() - waits_ + kept_) + fixed_;
    if (used > verdict_.memory_used) verdict_.memory_used = used;
}

CodeReason Explorer::advance() {
    if (++verdict_.explored > contract_.explored_max) return CodeReason::too_complex;
    ++steps_;
    if (++total_ > contract_.steps_max) return CodeReason::bound_over_limit;
    if (state_.head.frames > verdict_.frames_max) verdict_.frames_max = state_.head.frames;
    return branches(program_[state_.head.next]) ? branch() : execution_.step();
}

// Forwards the jump is explored first, backwards what follows the loop: either way the short line
// ends before the loop goes on, and few branches wait.
CodeReason Explorer::branch() {
    Ways ways{};
    const CodeReason reason = execution_.ways(ways);
    if (reason != CodeReason::none) return reason;
    const bool forwards = program_[state_.head.next].offset >= 0;
    bool taken = ways.taken;
    if (ways.taken && ways.fallen) {
        if (!wait(!forwards)) return CodeReason::no_room;
        taken = forwards;
    }
    execution_.go(taken);
    return CodeReason::none;
}

bool Explorer::wait(bool taken) {
    const std::size_t bytes = sizeof(Waiting) + state_.saved_bytes();
    if (waits_ - kept_ < bytes) return false;
    waits_ -= bytes;
    std::byte* const at = pool_.data() + waits_;
    std::construct_at(reinterpret_cast<Waiting*>(at), Waiting{parent_, steps_, total_, taken});
    state_.save(at + sizeof(Waiting));
    if (parent_ != 0) ++node(parent_).open;
    note_memory();
    return true;
}

bool Explorer::end_line(std::uint32_t rest) {
    complete(parent_, steps_ + rest);
    const std::size_t end = pool_.size() / unit * unit;
    if (waits_ == end) return false;
    const std::byte* const at = pool_.data() + waits_;
    const Waiting waiting = *reinterpret_cast<const Waiting*>(at);
    state_.restore(at + sizeof(Waiting));
    waits_ += sizeof(Waiting) + state_.saved_bytes();
    parent_ = waiting.parent;
    steps_ = waiting.steps;
    total_ = waiting.total;
    execution_.go(waiting.taken != 0);
    return true;
}

// A line that began at node `name` ended after `rest` steps; a node whose last line this was is
// complete, and so a line of its parent ended.
void Explorer::complete(std::uint32_t name, std::uint32_t rest) {
    while (name != 0) {
        Node& ended = node(name);
        if (rest > ended.rest) ended.rest = rest;
        CHITIN_ASSERT(ended.open > 0);
        if (--ended.open != 0) return;
        rest = ended.steps + ended.rest;
        name = ended.parent;
    }
    if (rest > whole_) whole_ = rest;
}

}  // namespace kernel::code::verify
