// Interruption: a fault or timer signal of the host, as the simulated machine sees it.
//
// The hosted machine's traps are the host's signals. They are taken on a stack of their own,
// so an environment's stack may be unmapped or overflowed, and the handler may let the thread
// go on somewhere else: in the kernel, on the core's stack. That is the shape of a hardware
// trap. Signals are set up by raw system calls: no sanitizer defers or wraps them.
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>

#include "kernel/abi/upcall.hpp"

namespace sim::host {

inline constexpr std::uint32_t vector_page_fault = 14;

// The interrupted registers; changes take effect when the handler returns.
class InterruptedRegisters {
public:
    explicit InterruptedRegisters(ucontext_t& host) : host_{host} {}

    std::uint64_t rip() const;
    std::uint64_t rsp() const;
    void save(kernel::abi::SavedState& state) const;
    // The floating-point state, as xsave in the standard format or (see xsave_supported) fxsave.
    void save_floating_point(std::span<std::byte, kernel::abi::floating_point_size> area) const;
    // Go on at `rip` on the stack `rsp`, with clean flags and floating-point control words.
    void redirect(std::uint64_t rip, std::uint64_t rsp);

private:
    ucontext_t& host_;
};

struct Interruption {
    bool timer;             // the watchdog's tick; else a fault of the CPU:
    std::uint32_t vector;   // its number on the hardware
    std::uint64_t error;    // its error code
    std::uint64_t address;  // of a page fault (CR2)
};

// Returns false for what is not an environment's fault: the host's own crash.
using InterruptionHandler = bool (*)(const Interruption&, InterruptedRegisters&);

// Routes this process's fault signals to `handler`. Calling it again changes the handler.
void route_interruptions(InterruptionHandler handler);
bool xsave_supported();
// Selectors of the host's own user code, for iretq.
std::uint64_t code_selector();
std::uint64_t stack_selector();

// This thread's signal stack, while it lives.
class SignalStack {
public:
    static std::expected<SignalStack, std::string> create();
    SignalStack(SignalStack&& other) noexcept;
    SignalStack& operator=(SignalStack&&) = delete;
    ~SignalStack();

private:
    explicit SignalStack(stack_t before) : before_{before} {}

    bool set_ = true;
    stack_t before_;
};

// The signal of the watchdog's timer (watchdog_timer.hpp).
int watchdog_signal();

}  // namespace sim::host
