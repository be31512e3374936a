#pragma once

/// CodeObject: a downloaded program as a kernel object: at the beginning of the first frame its
/// owner gave for it, the instructions behind it, and behind these what verification works with.
///
///     frame 0                                      frame 1 ...
///     | CodeObject | instruction ... (units)  |    | the explorer's memory ...  |
///
/// Once it is verified or refused, only the first `kept` frames are left.
/// Invariant: `explorer` is not null if and only if state is verifying.

#include "kernel/abi/types.hpp"
#include "kernel/code/compiled.hpp"
#include "kernel/code/verify/verifier.hpp"

namespace kernel::code {

using abi::CodeKind;

enum class CodeState : std::uint32_t { verifying, ready, refused };

struct alignas(64) CodeObject {
    CodeState state;
    CodeKind kind;
    std::uint32_t units;
    std::uint32_t explored;  ///< instructions looked at so far, which were charged
    verify::Explorer* explorer;
    verify::Verdict verdict;
    jit::Entry compiled;     ///< null: to be interpreted

    [[nodiscard]] Instruction* instructions() { return reinterpret_cast<Instruction*>(this + 1); }
    [[nodiscard]] Program program() { return {instructions(), units}; }
};

/// Frames that a program keeps.
constexpr std::uint32_t frames_kept(std::uint32_t units) {
    const std::uint64_t bytes = sizeof(CodeObject) + std::uint64_t{units} * sizeof(Instruction);
    return static_cast<std::uint32_t>((bytes + abi::page_size - 1) >> abi::page_shift);
}
static_assert(frames_kept(abi::code_units_max) == 1);
static_assert(abi::code_units_max <= instructions_max);

/// What a program of that kind is given.
[[nodiscard]] const Contract& contract_of(CodeKind kind);

/// What the kernel asks for `instructions` run, or looked at by verification, in nanoseconds: a
/// cost profile has no price of its own for them, so they are multiples of changing one page-table
/// entry (an instruction interpreted is a sixteenth of one, one looked at is one).
constexpr std::uint32_t price_of_run(std::uint32_t instructions, std::uint32_t map_cost) {
    return static_cast<std::uint32_t>(std::uint64_t{instructions} * map_cost / 16);
}

}  // namespace kernel::code
