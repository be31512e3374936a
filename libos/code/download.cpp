#include "libos/code/download.hpp"

#include <algorithm>
#include <array>

namespace libos::code {

namespace {

namespace calls = rt::calls;
using kernel::abi::FrameNumber;
using kernel::abi::Status;

// Somebody else may take a frame of a run that was seen free.
constexpr unsigned tries_max = 8;

// The first of `count` free frames in a row, from `from` on; the pool's end: there are none.
std::uint32_t free_run(rt::Environment& env, std::uint32_t from, std::size_t count) {
    const auto& system = env.info().system();
    const std::uint32_t end = system.pool_first.value + system.pool_frames;
    std::uint32_t found = 0;
    for (std::uint32_t name = from; name < end; ++name) {
        const volatile auto& frame = env.info().frame(FrameNumber{name});
        found = frame.state == kernel::abi::FrameState::free ? found + 1 : 0;
        if (found == count) return name + 1 - found;
    }
    return end;
}

// Environments that search at the same time, in step, begin at places of their own: else each takes
// one frame of the other's row, for ever.
std::uint32_t own_offset(rt::Environment& env, std::size_t count) {
    const std::uint64_t far = env.id().value * std::uint64_t{4} * count;
    return static_cast<std::uint32_t>(far % env.info().system().pool_frames);
}

void give_back(rt::Environment& env, std::span<const Slot> slots) {
    for (const Slot slot : slots) env.space().release(slot);
}

// Takes them all, or none. Errors: as Space::allocate.
Result<void> take_run(rt::Environment& env, std::uint32_t first, std::span<Slot> slots) {
    for (std::uint32_t i = 0; i < slots.size(); ++i) {
        const auto slot = env.space().allocate(FrameNumber{first + i});
        if (!slot.has_value()) {
            give_back(env, slots.first(i));
            return kernel::base::error(slot.error());
        }
        slots[i] = *slot;
    }
    return {};
}

}  // namespace

Result<void> take_frames_in_a_row(rt::Environment& env, std::span<Slot> slots) {
    const auto& system = env.info().system();
    const std::uint32_t begin = system.pool_first.value;
    const std::uint32_t end = begin + system.pool_frames;
    for (std::uint32_t from : {begin + own_offset(env, slots.size()), begin}) {
        for (unsigned i = 0; i < tries_max; ++i) {
            from = free_run(env, from, slots.size());
            if (from == end) break;
            const auto taken = take_run(env, from, slots);
            if (taken.has_value() || taken.error() != Status::frame_taken) return taken;
        }
    }
    return kernel::base::error(Status::no_frames);
}

Downloaded download(rt::Environment& env, std::span<const Instruction> program, CodeKind kind,
                    std::uint32_t frames) {
    using kernel::abi::code_frames_max;
    using kernel::abi::code_units_max;
    if (program.empty() || program.size() > code_units_max || frames < 1 ||
        frames > code_frames_max) {
        return {kernel::base::error(Status::bad_argument)};
    }
    std::array<Slot, code_frames_max> slots;
    const std::span<Slot> taken = std::span{slots}.first(frames);
    const auto in_a_row = take_frames_in_a_row(env, taken);
    if (!in_a_row.has_value()) return {kernel::base::error(in_a_row.error())};

    alignas(8) std::array<Instruction, code_units_max> copy;  // constants are no window memory
    std::copy(program.begin(), program.end(), copy.begin());
    const auto loaded = calls::code_load(
        taken[0], frames, rt::VirtAddr{reinterpret_cast<std::uint64_t>(copy.data())},
        static_cast<std::uint32_t>(program.size()), kind);
    if (!loaded.has_value()) {
        give_back(env, taken);
        return {kernel::base::error(loaded.error())};
    }
    for (const Slot slot : taken.subspan(1)) env.space().give_slot(slot);
    const calls::Answer answer = calls::code_verify(taken[0]);
    if (answer.status == Status::ok) return {taken[0]};
    env.space().release(taken[0]);
    return {kernel::base::error(answer.status), kernel::abi::fault_of(answer.value)};
}

}  // namespace libos::code
