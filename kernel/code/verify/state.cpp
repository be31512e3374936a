#include "kernel/code/verify/state.hpp"

namespace kernel::code::verify {

namespace {

bool written(const Frame& frame, unsigned from, unsigned to) {
    for (unsigned at = from; at < to; ++at) {
        if ((frame.written[at / 64] >> (at % 64) & 1) == 0) return false;
    }
    return true;
}
bool untouched(const Frame& frame, unsigned from, unsigned to) {
    for (unsigned at = from; at < to; ++at) {
        if ((frame.written[at / 64] >> (at % 64) & 1) != 0) return false;
    }
    return true;
}

bool overlaps(const Spill& spill, const Place& place) {
    return spill.frame == place.frame && spill.from < place.from_max + place.bytes &&
           place.from_min < spill.from + spill.bytes;
}

const Spill* same_spill(const View& state, const Spill& wanted) {
    for (unsigned i = 0; i < state.head->spills; ++i) {
        const Spill& spill = state.spills[i];
        if (spill.frame == wanted.frame && spill.from == wanted.from &&
            spill.bytes == wanted.bytes) {
            return &spill;
        }
    }
    return nullptr;
}

// A spilled address where `whole` has written bytes must be known there too: as a number it would
// have been read.
bool addresses_known(const View& whole, const View& part) {
    for (unsigned i = 0; i < part.head->spills; ++i) {
        const Spill& spill = part.spills[i];
        if (!spill.value.address() || same_spill(whole, spill) != nullptr) continue;
        if (!untouched(whole.frames[spill.frame], spill.from, spill.from + spill.bytes)) {
            return false;
        }
    }
    return true;
}

bool contains(const Frame& whole, const Frame& part) {
    if (whole.back != part.back) return false;
    for (unsigned i = 0; i < whole.written.size(); ++i) {
        if ((whole.written[i] & ~part.written[i]) != 0) return false;
    }
    for (unsigned i = 0; i < whole.registers.size(); ++i) {
        if (!contains(whole.registers[i], part.registers[i])) return false;
    }
    return true;
}

// Names of `whole` beside those that the same values have in `part`. The number of a name there
// is that of its partner here, and `shift` more.
class NamePairs {
public:
    // False: what is one number and a constant in `whole` is not so in `part`.
    bool add(const Value& whole, const Value& part) {
        if (whole.name == 0) return true;
        const std::int64_t shift = std::int64_t{part.delta} - whole.delta;
        const bool a_length = whole.name < first_free_name;
        if (a_length && (part.name != whole.name || shift != 0)) return false;
        for (unsigned i = 0; i < count_; ++i) {
            const Pair& pair = pairs_[i];
            if (pair.whole != whole.name) continue;
            return part.name != 0 && pair.part == part.name && pair.shift == shift;
        }
        pairs_[count_++] = {whole.name, part.name, shift};
        return true;
    }
    // Whether `part` knows what `whole` does: of a name that nothing has any more, nothing follows.
    [[nodiscard]] bool known(const Fact& fact, const Head& part) const {
        for (unsigned i = 0; i < count_; ++i) {
            if (pairs_[i].whole != fact.name) continue;
            for (const Fact& other : part.facts) {
                if (other.name != 0 && other.name == pairs_[i].part &&
                    other.window == fact.window && other.delta >= fact.delta + pairs_[i].shift) {
                    return true;
                }
            }
            return false;
        }
        return true;
    }

private:
    struct Pair {
        std::uint16_t whole;
        std::uint16_t part;
        std::int64_t shift;
    };
    std::array<Pair, windows_max + frames_max * frame_pointer + spills_max> pairs_;
    unsigned count_ = 0;
};

bool names_agree(const View& whole, const View& part) {
    NamePairs pairs;
    for (unsigned i = 0; i < windows_max; ++i) {
        if (!pairs.add(whole.head->lengths[i], part.head->lengths[i])) return false;
    }
    for (unsigned i = 0; i < whole.head->frames; ++i) {
        for (unsigned k = 0; k < frame_pointer; ++k) {
            const Value& one = whole.frames[i].registers[k];
            if (!pairs.add(one, part.frames[i].registers[k])) return false;
        }
    }
    for (unsigned i = 0; i < whole.head->spills; ++i) {
        const Spill& spill = whole.spills[i];
        if (spill.value.name == 0) continue;
        if (!pairs.add(spill.value, same_spill(part, spill)->value)) return false;
    }
    for (const Fact& fact : whole.head->facts) {
        if (fact.name != 0 && !pairs.known(fact, *part.head)) return false;
    }
    return true;
}

}  // namespace

Value State::read(unsigned register_number) const {
    if (register_number == frame_pointer) {
        return address_of(Kind::stack, static_cast<std::uint8_t>(head.frames - 1));
    }
    return frames_[head.frames - 1].registers[register_number];
}

void State::write(unsigned register_number, const Value& value) {
    frame().registers[register_number] = value;
}

void State::name(unsigned register_number) {
    if (register_number == frame_pointer) return;
    Value& value = frame().registers[register_number];
    const bool names_left = head.names != std::numeric_limits<std::uint16_t>::max();
    if (value.number() && !value.constant() && value.name == 0 && names_left) {
        value.name = head.names++;
    }
}

void State::teach(const Value& value) {
    if (value.name == 0) return;
    for (Value& length : head.lengths) {
        if (length.same_number(value)) length = value;
    }
    for (unsigned i = 0; i < head.frames; ++i) {
        for (Value& other : frames_[i].registers) {
            if (other.same_number(value)) other = value;
        }
    }
    for (unsigned i = 0; i < head.spills; ++i) {
        if (spills_[i].value.same_number(value)) spills_[i].value = value;
    }
}

// The newest facts are kept.
void State::learn_length(const Value& value, unsigned window) {
    if (value.name < first_free_name) return;
    const Fact learned{value.name, static_cast<std::uint16_t>(window), value.delta};
    Fact* place = &head.facts.back();
    for (Fact& fact : head.facts) {
        const bool same = fact.name == learned.name && fact.window == learned.window;
        if (same && fact.delta >= learned.delta) return;
        if (fact.name == 0 || same) {
            place = &fact;
            break;
        }
    }
    *place = learned;
}

bool State::length_learned(const Value& address, std::int64_t bytes) const {
    for (const Fact& fact : head.facts) {
        if (fact.name != 0 && fact.name == address.name && fact.window == address.region &&
            address.delta + bytes <= fact.delta) {
            return true;
        }
    }
    return false;
}

void State::push_frame() {
    const Frame& caller = frame();
    Frame& callee = frames_[head.frames++];
    callee = Frame{};
    for (unsigned i = 1; i <= 5; ++i) callee.registers[i] = caller.registers[i];
}

void State::pop_frame() {
    const Value result = frame().registers[0];
    const auto gone = --head.frames;
    unsigned kept = 0;
    for (unsigned i = 0; i < head.spills; ++i) {
        if (spills_[i].frame != gone) spills_[kept++] = spills_[i];
    }
    head.spills = static_cast<std::uint8_t>(kept);
    Frame& caller = frame();
    for (unsigned i = 1; i <= 5; ++i) caller.registers[i] = Value{};
    caller.registers[0] = result;
    head.next = caller.back;
    caller.back = 0;
}

void State::mark(unsigned frame, unsigned from, unsigned bytes, bool written) {
    for (unsigned at = from; at < from + bytes; ++at) {
        const std::uint64_t bit = std::uint64_t{1} << (at % 64);
        std::uint64_t& word = frames_[frame].written[at / 64];
        word = written ? word | bit : word & ~bit;
    }
}

void State::drop_spills(const Place& place) {
    unsigned kept = 0;
    for (unsigned i = 0; i < head.spills; ++i) {
        const Spill& spill = spills_[i];
        if (!overlaps(spill, place)) {
            spills_[kept++] = spill;
        } else if (spill.value.address()) {
            mark(spill.frame, spill.from, spill.bytes, false);
        }
    }
    head.spills = static_cast<std::uint8_t>(kept);
}

CodeReason State::store(const Place& place, const Value& value) {
    const bool exact = place.from_min == place.from_max;
    if (value.address()) {
        if (!exact || place.bytes != 8) return CodeReason::address_as_number;
        const bool outlived = value.kind == Kind::stack && value.region > place.frame;
        if (outlived) return CodeReason::address_stored;
    }
    drop_spills(place);
    if (!exact) return CodeReason::none;
    mark(place.frame, place.from_min, place.bytes, true);
    const Value kept = value.address() ? value : low_bytes(value, place.bytes);
    const bool nothing_known =
        kept.number() && kept.name == 0 &&
        contains(kept, low_bytes(any_number(), place.bytes));
    if (nothing_known) return CodeReason::none;
    if (head.spills == spills_max) {
        return value.address() ? CodeReason::no_room : CodeReason::none;
    }
    spills_[head.spills++] = {place.from_min, place.frame, place.bytes, kept};
    return CodeReason::none;
}

const Spill* State::spill_at(const Place& place) const {
    for (unsigned i = 0; i < head.spills; ++i) {
        const Spill& spill = spills_[i];
        if (overlaps(spill, place) && spill.from == place.from_min &&
            place.bytes <= spill.bytes) {
            return &spill;
        }
    }
    return nullptr;
}

CodeReason State::load(const Place& place, Value& value) const {
    const unsigned to = place.from_max + place.bytes;
    if (!written(frames_[place.frame], place.from_min, to)) {
        return CodeReason::uninitialised_stack;
    }
    const bool exact = place.from_min == place.from_max;
    const Spill* const spill = exact ? spill_at(place) : nullptr;
    if (spill != nullptr && spill->value.address() && place.bytes == 8) {
        value = spill->value;
        return CodeReason::none;
    }
    for (unsigned i = 0; i < head.spills; ++i) {
        if (spills_[i].value.address() && overlaps(spills_[i], place)) {
            return CodeReason::address_as_number;
        }
    }
    value = low_bytes(spill != nullptr ? spill->value : any_number(), place.bytes);
    return CodeReason::none;
}

void State::forget(unsigned live, unsigned needed) {
    Frame& active = frame();
    for (unsigned i = 0; i < active.registers.size(); ++i) {
        Value& value = active.registers[i];
        if ((live >> i & 1) == 0) {
            value = Value{};
        } else if ((needed >> i & 1) == 0 && value.number()) {
            value = any_number();
        }
    }
}

std::size_t State::saved_bytes() const {
    return sizeof(Head) + head.frames * sizeof(Frame) + head.spills * sizeof(Spill);
}

void State::save(std::byte* to) const {
    static_assert(sizeof(Head) % 8 == 0 && sizeof(Frame) % 8 == 0 && sizeof(Spill) % 8 == 0);
    __builtin_memcpy(to, &head, sizeof(Head));
    to += sizeof(Head);
    __builtin_memcpy(to, frames_.data(), head.frames * sizeof(Frame));
    to += head.frames * sizeof(Frame);
    __builtin_memcpy(to, spills_.data(), head.spills * sizeof(Spill));
}

void State::restore(const std::byte* from) {
    const View saved = view_of(from);
    __builtin_memcpy(&head, saved.head, sizeof(Head));
    __builtin_memcpy(frames_.data(), saved.frames, head.frames * sizeof(Frame));
    __builtin_memcpy(spills_.data(), saved.spills, head.spills * sizeof(Spill));
}

View view_of(const std::byte* from) {
    const Head* const head = reinterpret_cast<const Head*>(from);
    const std::byte* const frames = from + sizeof(Head);
    const std::byte* const spills = frames + head->frames * sizeof(Frame);
    return {head, reinterpret_cast<const Frame*>(frames),
            reinterpret_cast<const Spill*>(spills)};
}

bool frames_contain(const View& whole, const View& part) {
    if (whole.head->frames != part.head->frames) return false;
    for (unsigned i = whole.head->frames; i-- > 0;) {
        if (!contains(whole.frames[i], part.frames[i])) return false;
    }
    return true;
}

bool contains(const View& whole, const View& part) {
    if (!frames_contain(whole, part)) return false;
    for (unsigned i = 0; i < windows_max; ++i) {
        if (!contains(whole.head->lengths[i], part.head->lengths[i])) return false;
    }
    for (unsigned i = 0; i < whole.head->spills; ++i) {
        const Spill* const same = same_spill(part, whole.spills[i]);
        if (same == nullptr || !contains(whole.spills[i].value, same->value)) return false;
    }
    return addresses_known(whole, part) && names_agree(whole, part);
}

}  // namespace kernel::code::verify
