#pragma once

/// Trial: one program verified and run on the host, outside any machine.
///
/// It offers one helper, number 5, which returns its argument: what the public conformance suite
/// asks for. Programs of the kernel's own contracts have others, or none.

#include <expected>
#include <string>
#include <vector>

#include "kernel/code/verify/verifier.hpp"

namespace sim::testbed::bpf {

enum class Mode {
    interpreted,
    compiled,
    checked,  ///< not verified: interpreted with every access and step checked
};

/// Window 0 as verification sees it.
struct Promise {
    std::uint32_t bytes_min = 0;
    std::uint32_t bytes_max = 0;
    bool writable = true;
    std::uint32_t steps_max = 1'000'000;
};

struct TrialEnd {
    kernel::code::CodeFault fault;            ///< reason none: it ran, and the rest has meaning
    kernel::code::verify::Verdict verdict;    ///< not of checked runs
    std::uint64_t result = 0;
    std::uint64_t steps = 0;                  ///< of checked runs
    std::uint32_t code_bytes = 0;             ///< of compiled ones
};

[[nodiscard]] kernel::code::verify::Verdict verdict_of(kernel::code::Program units,
                                                       const Promise& promise);

/// Runs over `memory`, which it may change. Error, one sentence: the host refuses memory.
[[nodiscard]] std::expected<TrialEnd, std::string> try_program(kernel::code::Program units,
                                                               std::vector<std::byte>& memory,
                                                               const Promise& promise, Mode mode);

}  // namespace sim::testbed::bpf
