#pragma once

/// Contract: what a downloaded program is given, and so what it is verified against. A program is
/// accepted for one contract and may run under no other. Decisions:
/// kernel/design/0012-downloaded-code.md.
///
/// Entry (the public conformance suite's convention, for one window; a second follows it):
///     r1 = base of window 0, r2 = its length, r3 = base of window 1, r4 = its length;
///     the base of a window that is always empty is 0; r10 = end of the first stack frame;
///     other registers have no value.
/// r0 is the result. Bases and the stack are aligned to 8 bytes: atomic operations rely on it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/code/instruction.hpp"

namespace kernel::code {

inline constexpr std::uint32_t windows_max = 2;
inline constexpr std::uint32_t window_bytes_max = 1u << 28;

/// A window as the verifier knows it: whatever its length turns out to be, the program sees it in
/// a register, and may rely on what it has compared.
struct WindowRule {
    std::uint32_t bytes_min = 0;
    std::uint32_t bytes_max = 0;
    bool writable = false;
};

/// Called with the helper's own context and r1..r5, of which those beyond its arguments have no
/// meaning. It must not throw and must return.
using HelperFunction = std::uint64_t (*)(void* context, std::uint64_t r1, std::uint64_t r2,
                                         std::uint64_t r3, std::uint64_t r4, std::uint64_t r5);

/// A function of the kernel that programs may call by number. It takes numbers, never addresses.
struct Helper {
    std::int32_t number = 0;
    std::uint8_t arguments = 0;  ///< 0..5
    HelperFunction function = nullptr;
    void* context = nullptr;
};

/// The helper called `number`, or null.
constexpr const Helper* find_helper(std::span<const Helper> helpers, std::int32_t number) {
    for (const Helper& helper : helpers) {
        if (helper.number == number) return &helper;
    }
    return nullptr;
}

struct Contract {
    std::span<const WindowRule> windows;      ///< at most windows_max
    std::span<const Helper> helpers;
    std::uint32_t steps_max = 1'000'000;      ///< refuse a larger bound; instructions
    std::uint32_t explored_max = 1'000'000;   ///< instructions that verification may look
                                              ///< at; comparing states counts as well
};

/// A window in memory, for one run; its length lies within its rule.
struct Window {
    std::byte* base = nullptr;
    std::uint64_t bytes = 0;
    bool writable = false;
};

/// r1..r5 on entry.
using Arguments = std::array<std::uint64_t, 5>;

constexpr Arguments arguments_of(std::span<const Window> windows) {
    Arguments arguments{};
    for (std::size_t i = 0; i < windows.size() && i < windows_max; ++i) {
        arguments[2 * i] = reinterpret_cast<std::uintptr_t>(windows[i].base);
        arguments[2 * i + 1] = windows[i].bytes;
    }
    return arguments;
}

}  // namespace kernel::code
