#pragma once

/// The verifier: decides before a program runs that it never leaves its windows and its stack,
/// never reads what was not written, never learns an address, and ends; and after how many
/// instructions at most.
///
/// How: abstract execution (execution.hpp) of every path, depth first. Where paths meet, a state
/// is kept; a later state that it contains needs no exploration, and can run no longer than the
/// kept one's longest path. A state equal to one that is still being explored is an endless loop.
/// Loops are thus unrolled until they end, within a budget that the contract names.
///
/// It works in memory given by the caller, and forgets nothing when that is full: then states are
/// no longer kept, and exploration takes longer; only branches that wait must find room.

#include "kernel/code/contract.hpp"

namespace kernel::code::verify {

struct Verdict {
    CodeFault fault;                ///< reason none: accepted, and the rest has meaning
    std::uint32_t steps_max = 0;    ///< no run executes more instructions
    std::uint32_t frames_max = 0;   ///< stack frames that a run needs, at least 1
    std::uint32_t explored = 0;     ///< what it took, as Contract::explored_max counts it
    std::uint32_t memory_used = 0;  ///< of the caller's memory, bytes

    [[nodiscard]] bool accepted() const { return fault.reason == CodeReason::none; }
};

/// Memory with which a program of `instructions` can be verified at all, bytes; with some hundred
/// KiB more, programs with many branches and loops are verified fast.
[[nodiscard]] std::size_t memory_min(std::size_t instructions);

class Explorer;

/// A verification about to go on; it lies at the beginning of the memory it was given.
struct Beginning {
    CodeFault fault;     ///< no reason: there is an explorer
    Explorer* explorer;  ///< run() it until it is done: explorer.hpp
};

/// Looks at form(), then for helpers that the contract does not offer, and prepares exploration.
/// Program, contract and memory stay as they are until it is done.
[[nodiscard]] Beginning begin(std::span<const Instruction> units, const Contract& contract,
                              std::span<std::byte> memory);

/// The same and all of exploration at once. Nothing of `memory` is needed afterwards.
[[nodiscard]] Verdict verify(std::span<const Instruction> units, const Contract& contract,
                             std::span<std::byte> memory);

}  // namespace kernel::code::verify
