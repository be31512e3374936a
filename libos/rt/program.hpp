// CHITIN_PROGRAM: what makes a C++ file a program.
//
//     int run(libos::rt::Environment& env) { env.say("hello"); return 0; }
//     constexpr libos::rt::Parameter parameters[] = {{"name", ParameterKind::text, "you", "..."}};
//     CHITIN_PROGRAM(hello, "Greets.", parameters, run)
//
// defines chitin_program_hello, where the machine enters it, and chitin_declaration_hello, which
// the testbed reads. A program without parameters says libos::rt::no_parameters.
// Decision: kernel/design/0006-programs-without-globals.md.
#pragma once

#include "libos/rt/environment.hpp"

namespace libos::rt {

inline constexpr std::span<const Parameter> no_parameters{};

using Main = int (*)(Environment&);

// Builds the environment, runs `main`, and exits with what it returns.
[[noreturn]] void run(const kernel::abi::StartBlock& start, const Declaration& declaration,
                      Main main);

}  // namespace libos::rt

// A macro because it makes two names out of the program's.
#define CHITIN_PROGRAM(program_name, program_summary, program_parameters, program_main)         \
    extern "C" {                                                                                \
    extern const libos::rt::Declaration chitin_declaration_##program_name;                      \
    constinit const libos::rt::Declaration chitin_declaration_##program_name{                   \
        #program_name, program_summary, program_parameters};                                    \
    [[noreturn]] void chitin_program_##program_name(kernel::abi::StartBlock& start) {           \
        libos::rt::run(start, chitin_declaration_##program_name, program_main);                 \
    }                                                                                           \
    }
