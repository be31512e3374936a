#pragma once

/// Compiled programs in the kernel: into a page each of those that the machine has for that
/// (kernel/machine/machine.hpp, open_code), as long as there is one.

#include "kernel/abi/types.hpp"
#include "kernel/code/jit/compiler.hpp"

namespace kernel::code {

/// The page is `owner`'s from then on, until who keeps `owners` (one a page; 0: it is free) takes
/// that back. Null: there is no page, or the program does not fit one: it is to be interpreted, at
/// the same price.
template <class Core>
[[nodiscard]] jit::Entry compile_into_page(Core& core, std::span<abi::FrameNumber> owners,
                                           abi::FrameNumber owner, Program program) {
    std::uint32_t page = 0;
    while (page < owners.size() && owners[page] != abi::FrameNumber{0}) ++page;
    if (page == owners.size()) return nullptr;
    std::uint32_t offsets[abi::code_units_max];
    const auto compiled = jit::compile(program, {}, offsets, core.open_code(page));
    if (compiled.fault.reason != CodeReason::none) return nullptr;
    const std::byte* const sealed = core.seal_code(page);
    if (sealed == nullptr) return nullptr;
    owners[page] = owner;
    return reinterpret_cast<jit::Entry>(sealed);
}

/// Runs a program that was accepted, compiled or not. `stack`: as many frames as its verdict says,
/// aligned to 8.
[[nodiscard]] std::uint64_t run(Program program, jit::Entry compiled,
                                std::span<const Window> windows, std::span<std::byte> stack);

}  // namespace kernel::code
