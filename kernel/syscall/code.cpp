// Calls on downloaded code: load, verify, sleep until a predicate holds.
#include "kernel/code/object.hpp"

#include <memory>

#include "kernel/code/verify/explorer.hpp"
#include "kernel/env/running.hpp"
#include "kernel/syscall/call.hpp"
#include "kernel/syscall/compile.hpp"

namespace kernel::syscall {

namespace {

using code::CodeObject;
using code::CodeState;

// Instructions that one entry into the kernel looks at.
constexpr std::uint32_t looked_at_per_call = 64;

struct Download {
    Row row;
    std::uint32_t units;
    code::CodeKind kind;
};

// Errors: those of code_load, in their order, but for its memory.
Result<Download> decode(System& system, const Env& caller, const Arguments& arguments) {
    const Row row = TRY(find_row(system, caller, arguments.slot(0), arguments.word(1),
                                 abi::code_frames_max));
    if (arguments.word(2) % sizeof(code::Instruction) != 0) {
        return base::error(Status::misaligned);
    }
    const std::uint32_t units = TRY(up_to(arguments.word(3), abi::code_units_max));
    if (arguments.word(4) >= static_cast<std::uint64_t>(code::CodeKind::kind_count)) {
        return base::error(Status::bad_argument);
    }
    return Download{row, units, static_cast<code::CodeKind>(arguments.word(4))};
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
    if (object.state == CodeState::ready) {
        object.compiled = compile(system, name, object.program());
    }
    env::release_row(system, name, code::frames_kept(object.units));
}

void begin(System& system, const Download& download, FrameNumber name, const char* program) {
    auto& object = system.memory.object<CodeObject>(name);
    std::construct_at(&object);
    object.kind = download.kind;
    object.units = download.units;
    __builtin_memcpy(object.instructions(), program,
                     download.units * sizeof(code::Instruction));
    const std::uint32_t kept = code::frames_kept(download.units);
    const std::size_t left = download.row.frames > kept ? download.row.frames - kept : 0;
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
    const FrameNumber object = take_row(system, download.row, abi::FrameState::code);
    Capability& capability = system.forest.at(download.row.first);
    capability.type = CapType::code;
    capability.rights = Rights::manage | Rights::grant | Rights::execute;
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
    const auto& code = system.memory.object<CodeObject>(object);
    if (code.state != CodeState::ready || code.kind != code::CodeKind::predicate) {
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
