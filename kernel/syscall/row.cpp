// Rows: frames that follow one another by name and become one kernel object.
#include "kernel/syscall/call.hpp"

namespace kernel::syscall {

namespace {

// The only capability of a frame, which is the caller's. Errors: bad_argument, no_right, busy.
Result<CapRef> only_capability(System& system, const Env& caller, FrameNumber name) {
    if (!system.memory.in_pool(name)) return base::error(Status::bad_argument);
    const CapRef ref = system.memory.frame(name).first_cap;
    if (ref == cap::no_cap || env::holder(system, ref).self != caller.self) {
        return base::error(Status::busy);
    }
    TRY(env::check_retype(system, ref));
    return ref;
}

}  // namespace

Result<std::uint32_t> up_to(std::uint64_t word, std::uint32_t most) {
    if (word < 1 || word > most) return base::error(Status::bad_argument);
    return static_cast<std::uint32_t>(word);
}

Result<Row> find_row(System& system, const Env& caller, Slot slot, std::uint64_t count,
                     std::uint32_t most) {
    const CapRef first = TRY(env::find(system, caller, slot, CapType::frame, Rights::none));
    TRY(env::check_retype(system, first));
    const std::uint32_t frames = TRY(up_to(count, most));
    const FrameNumber object = system.forest.at(first).object;
    for (std::uint32_t i = 1; i < frames; ++i) {
        TRY(only_capability(system, caller, FrameNumber{object.value + i}));
    }
    return Row{first, frames};
}

FrameNumber take_row(System& system, const Row& row, abi::FrameState state) {
    const FrameNumber object = system.forest.at(row.first).object;
    for (std::uint32_t i = 0; i < row.frames; ++i) {
        const FrameNumber name{object.value + i};
        if (i > 0) system.forest.remove(system.memory.frame(name).first_cap);
        system.memory.retype(name, state, object);
    }
    system.memory.frame(object).entries = row.frames;
    return object;
}

}  // namespace kernel::syscall
