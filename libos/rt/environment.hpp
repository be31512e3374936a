// Environment: all state of one program: its memory, upcalls, arguments and console.
//
// Why one object: programs and libOS have no mutable globals, because their text is shared and
// read-only; whatever changes hangs from here, on the program's own stack.
//
// Invariant: everything of the runtime itself is mapped before main() begins, so that which
// pages a program faults on depends on nothing the compiler chose.
#pragma once

#include "kernel/abi/start.hpp"
#include "libos/rt/arguments.hpp"
#include "libos/rt/heap.hpp"
#include "libos/rt/info_window.hpp"
#include "libos/rt/space.hpp"
#include "libos/rt/text.hpp"
#include "libos/rt/upcalls.hpp"

namespace libos::rt {

inline constexpr std::uint32_t exit_bad_arguments = 2;
inline constexpr std::uint32_t exit_panic = 3;
inline constexpr std::uint32_t no_env_record = 0xffff'ffff;

class Environment {
public:
    Environment(const kernel::abi::StartBlock& start, const Declaration& declaration);
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

    // Maps the runtime's memory, registers the vector, checks the arguments. Ends the program
    // with exit_bad_arguments, or exit_panic where memory does not suffice.
    void begin();

    InfoWindow& info() { return info_; }
    Space& space() { return space_; }
    Heap& heap() { return heap_; }
    Upcalls& upcalls() { return upcalls_; }
    const Arguments& arguments() const { return arguments_; }
    const kernel::abi::StartBlock& start() const { return start_; }

    // Its own record in the boot bundle; nullptr if its creator named none.
    const kernel::abi::EnvRecord* record() const { return info_.env_record(start_.env_record); }
    // Its own counters. Found by its account, which no other environment is bound to.
    const kernel::abi::EnvInfo& own_info();
    kernel::abi::EnvId id();
    // A core's root environment: where another core's capability lies (kernel/abi/start.hpp).
    Slot peer(std::uint32_t core) const { return Slot{start_.peers_slot + core}; }
    // The data behind an argument of kind `trace`.
    std::span<const std::byte> module(std::string_view argument) const;

    // ---- console
    void print(std::string_view text);
    template <class... Part>
    void say(const Part&... part) {
        Text text;
        (text.add(part), ...);
        text.put('\n');
        print(text.view());
    }
    // Sends a result line. The line is finished then.
    void report(JsonLine& line);

    // ---- time
    Instant now() const { return calls::now(); }
    // Uses virtual time, however much.
    void compute(Nanoseconds span);

    // ---- the end
    [[noreturn]] void exit(std::uint32_t code) { calls::env_exit(code); }
    // Prints why, and ends with exit_panic.
    template <class... Part>
    [[noreturn]] void panic(const Part&... part) {
        say("panic: ", part...);
        exit(exit_panic);
    }
    // `result`'s value, or a panic that says what failed.
    template <class T>
    T must(const Result<T>& result, std::string_view what) {
        if (!result.has_value()) fail(what, result.error());
        if constexpr (!std::is_void_v<T>) return *result;
    }

    // What no handler dealt with. Faults and exceptions end the program.
    void unhandled(const UpcallData& data);

private:
    [[noreturn]] void fail(std::string_view what, Status status);
    void check_arguments();
    void adopt_stack();
    void announce();
    void write(kernel::abi::Channel channel, std::string_view bytes);

    kernel::abi::StartBlock start_;
    const Declaration& declaration_;
    InfoWindow info_;
    Space space_;
    Heap heap_;
    Upcalls upcalls_;
    Arguments arguments_;
};

// The name of a status, as messages show it.
std::string_view status_name(Status status);

}  // namespace libos::rt
