#pragma once

/// State: everything verification knows at one instruction: the registers and stack of each active
/// function, and how long the windows are.
///
/// The stack is known twice: which bytes were written, and for some of them (spills) the value
/// they hold. Values nothing is known about are not spilled. An address is only ever kept in a
/// whole spill: where its bytes are partly overwritten, the others count as not written, so that
/// no byte of an address is ever read as a number.

#include <array>
#include <cstddef>

#include "kernel/code/contract.hpp"
#include "kernel/code/verify/value.hpp"

namespace kernel::code::verify {

inline constexpr unsigned spills_max = 48;
/// Names 1..windows_max are those of the windows' lengths.
inline constexpr std::uint16_t first_free_name = windows_max + 1;

struct Frame {
    std::array<Value, frame_pointer> registers;  ///< r10 is always the frame's end
    std::array<std::uint64_t, frame_bytes / 64> written{};  ///< a bit for each byte of stack
    std::uint32_t back = 0;                      ///< where the function it called returns to
};

struct Spill {
    std::uint16_t from = 0;  ///< first byte, counted from the frame's lowest
    std::uint8_t frame = 0;
    std::uint8_t bytes = 0;
    Value value;
};

/// The number called `name` and `delta` more are at most the length of window `window`.
struct Fact {
    std::uint16_t name = 0;  ///< 0: no fact
    std::uint16_t window = 0;
    std::int32_t delta = 0;
};
inline constexpr unsigned facts_max = 4;

struct Head {
    std::uint32_t next = 0;
    std::uint16_t names = first_free_name;
    std::uint8_t frames = 1;
    std::uint8_t spills = 0;
    std::array<Value, windows_max> lengths;
    std::array<Fact, facts_max> facts;
};

/// A state, wherever its parts lie.
struct View {
    const Head* head;
    const Frame* frames;
    const Spill* spills;
};

/// Bytes of a frame's stack, counted from its lowest: the access begins at `from_min` to
/// `from_max` and has `bytes`.
struct Place {
    std::uint8_t frame;
    std::uint16_t from_min;
    std::uint16_t from_max;
    std::uint8_t bytes;
};

class State {
public:
    Head head;

    [[nodiscard]] View view() const { return {&head, frames_.data(), spills_.data()}; }
    [[nodiscard]] Frame& frame() { return frames_[head.frames - 1]; }
    [[nodiscard]] Frame& frame(unsigned index) { return frames_[index]; }
    [[nodiscard]] Value read(unsigned register_number) const;
    void write(unsigned register_number, const Value& value);

    /// Gives an unknown number in a register a name, before it is copied.
    void name(unsigned register_number);
    /// What was learned about one value holds for all of its name.
    void teach(const Value& value);
    /// `value` is at most the length of the window.
    void learn_length(const Value& value, unsigned window);
    /// Whether `bytes` behind the address are known to lie within its window.
    [[nodiscard]] bool length_learned(const Value& address, std::int64_t bytes) const;

    void push_frame();  ///< r1..r5 pass; the caller has set its frame's `back`
    void pop_frame();   ///< r0 passes

    /// Reasons: address_stored, no_room (addresses only).
    [[nodiscard]] CodeReason store(const Place& place, const Value& value);
    /// Reasons: uninitialised_stack, address_as_number.
    [[nodiscard]] CodeReason load(const Place& place, Value& value) const;

    /// Registers of the active function outside `live` are forgotten, numbers outside `needed`
    /// become unknown.
    void forget(unsigned live, unsigned needed);

    /// Bytes that the state takes when saved, a multiple of 8; save() and restore().
    [[nodiscard]] std::size_t saved_bytes() const;
    void save(std::byte* to) const;
    void restore(const std::byte* from);

private:
    [[nodiscard]] const Spill* spill_at(const Place& place) const;
    void drop_spills(const Place& place);
    void mark(unsigned frame, unsigned from, unsigned bytes, bool written);

    std::array<Frame, frames_max> frames_;
    std::array<Spill, spills_max> spills_;
};

/// The view of what save() wrote to `from`.
[[nodiscard]] View view_of(const std::byte* from);

/// The same of the registers and the written stack alone: most states that differ do so here.
[[nodiscard]] bool frames_contain(const View& whole, const View& part);

/// Every execution that comes here in state `part` is one that `whole` stands for.
[[nodiscard]] bool contains(const View& whole, const View& part);

}  // namespace kernel::code::verify
