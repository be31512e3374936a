// Calls on downloaded code: load, verify, sleep until a predicate holds.
#include "kernel/code/object.hpp"

#include <memory>

#include "kernel/code/verify/explorer.hpp"
#include "kernel/env/running.hpp"
#include "kernel/syscall/call.hpp"

namespace kernel::syscall {

namespace {

using code::CodeObject;
using code::CodeState;

// Instructions that one entry into the kernel looks at.
constexpr std::uint32_t looked_at_per_call = 64;

struct Download {
    CapRef first;
    std::uint32_t frames;
    std::uint32_t units;
    code::CodeKind kind;
};

// A number from 1 to `most`. Errors: bad_argument.
Result<std::uint32_t> up_to(std::uint64_t word, std::uint32_t most) {
    if (word < 1 || word > most) return base::error(Status::bad_argument);
    return static_cast<std::uint32_t>(word);
}

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

// Errors: those of code_load, in their order, but for its memory.
Result<Download> decode(System& system, const Env& caller, const Arguments& arguments) {
    const CapRef first =
        TRY(env::find(system, caller, arguments.slot(0), CapType::frame, Rights::none));
    TRY(env::check_retype(system, first));
    const std::uint32_t frames = TRY(up_to(arguments.word(1), abi::code_frames_max));
    const FrameNumber object = system.forest.at(first).object;
    for (std::uint32_t i = 1; i < frames; ++i) {
        TRY(only_capability(system, caller, FrameNumber{object.value + i}));
    }
    if (arguments.word(2) % sizeof(code::Instruction) != 0) {
        return base::error(Status::misaligned);
    }
    const std::uint32_t units = TRY(up_to(arguments.word(3), abi::code_units_max));
    if (arguments.word(4) >= static_cast<std::uint64_t>(code::CodeKind::kind_count)) {
        return base::error(Status::bad_argument);
    }
    return Download{first, frames, units, static_cast<code::CodeKind>(arguments.word(4))};
}

// The frames become the object's, named by the first one's capability alone.
FrameNumber take_frames(System& system, const Download& download) {
    const FrameNumber object = system.forest.at(download.first).object;
    for (std::uint32_t i = 0; i < download.frames; ++i) {
        const FrameNumber name{object.value + i};
        if (i > 0) system.forest.remove(system.memory.frame(name).first_cap);
        system.memory.retype(name, abi::FrameState::code, object);
    }
    system.memory.frame(object).entries = download.frames;
    Capability& capability = system.forest.at(download.first);
    capability.type = CapType::code;
    capability.rights = Rights::manage | Rights::grant | Rights::execute;
    return object;
}

// The verdict is there: what only verification needed goes back.
void conclude(System& system, FrameNumber name, const code::verify::Verdict& verdict) {
    auto& object = system.memory.object<CodeObject>(name);
    object.verdict = verdict;
    if (verdict.accepted() && verdict.frames_max > abi::predicate_frames_max) {
        object.verdict.fault = {0, abi::CodeReason::calls_too_deep};
    }
    object.explorer = nullptr;
    object.state = object.verdict.accepted() ? CodeState::ready : CodeState::refused;
    env::release_code(system, name, code::frames_kept(object.units));
}

void begin(System& system, const Download& download, FrameNumber name, const char* program) {
    auto& object = system.memory.object<CodeObject>(name);
    std::construct_at(&object);
    object.kind = download.kind;
    object.units = download.units;
    __builtin_memcpy(object.instructions(), program,
                     download.units * sizeof(code::Instruction));
    const std::uint32_t kept = code::frames_kept(download.units);
    const std::size_t left = download.frames > kept ? download.frames - kept : 0;
    const code::verify::Beginning beginning = code::verify::begin(
        object.program(), code::contract_of(download.kind),
        {reinterpret_cast<std::byte*>(&object) + kept * abi::page_size, left * abi::page_size});
    object.explorer = beginning.explorer;
    if (beginning.explorer == nullptr) conclude(system, name, {.fault = beginning.fault});
}

// A frame that a predicate may look at. Errors: as find, other_core.
Result<CapRef> find_window(System& system, const Env& caller, Slot slot) {
    const CapRef ref = TRY(env::find(system, caller, slot, CapType::frame, Rights::read));
    if (system.elsewhere(system.forest.at(ref).object)) return base::error(Status::other_core);
    return ref;
}

}  // namespace

Value code_load(System& system, Env& caller, const Arguments& arguments) {
    const Download download = TRY(decode(system, caller, arguments));
    char program[abi::code_units_max * sizeof(code::Instruction)];
    TRY(copy_in(system, caller, arguments.word(2), program,
                download.units * sizeof(code::Instruction)));
    const FrameNumber object = take_frames(system, download);
    begin(system, download, object, program);
    system.memory.charge(download.units * system.memory.costs().map);
    return 0;
}

std::uint64_t refusal(System& system, const Env& caller, const Arguments& arguments) {
    const auto ref = env::find(system, caller, arguments.slot(0), CapType::code, Rights::none);
    CHITIN_ASSERT(ref.has_value());
    const FrameNumber name = system.forest.at(*ref).object;
    return abi::word_of(system.memory.object<CodeObject>(name).verdict.fault);
}

Value code_verify(System& system, Env& caller, const Arguments& arguments) {
    const CapRef ref =
        TRY(env::find(system, caller, arguments.slot(0), CapType::code, Rights::manage));
    const FrameNumber name = system.forest.at(ref).object;
    auto& object = system.memory.object<CodeObject>(name);
    if (object.state == CodeState::verifying) {
        const bool done = object.explorer->run(looked_at_per_call);
        const code::verify::Verdict verdict = object.explorer->verdict();
        system.memory.charge((verdict.explored - object.explored) * system.memory.costs().map);
        object.explored = verdict.explored;
        if (!done) return base::error(Status::again);
        conclude(system, name, verdict);
    }
    if (object.state == CodeState::refused) return base::error(Status::code_refused);
    return object.verdict.steps_max;
}

Value park_until(System& system, Env& caller, const Arguments& arguments) {
    const CapRef ref =
        TRY(env::find(system, caller, arguments.slot(0), CapType::code, Rights::execute));
    const abi::Instant wake{arguments.word(1)};
    const CapRef windows[] = {TRY(find_window(system, caller, arguments.slot(2))),
                              TRY(find_window(system, caller, arguments.slot(3)))};
    const FrameNumber object = system.forest.at(ref).object;
    if (system.memory.object<CodeObject>(object).state != CodeState::ready) {
        return base::error(Status::bad_state);
    }
    if (!may_sleep(system, caller, wake)) return 0;
    env::park(system, caller, wake);
    caller.watch = {ref,
                    object,
                    {windows[0], windows[1]},
                    {system.forest.at(windows[0]).object, system.forest.at(windows[1]).object}};
    return 0;
}

}  // namespace kernel::syscall
