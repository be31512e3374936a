// One sequence of calls on a hosted machine of its own, with everything looked at.
//
// The oracle: the kernel's assertions and the sanitizers (the process dies), the checkers of whole
// memory, the look for stale translations and for frames that are not empty, frames lost at the
// end, what a disk's model complains of, and a bound on events and virtual time. How environments
// end, and what calls answer, is never a finding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernel/abi/event.hpp"
#include "scenarios/programs/sequence_steps.hpp"
#include "sim/engine/cell_result.hpp"
#include "sim/testbed/bundle.hpp"
#include "tests/fuzz/inputs.hpp"

namespace tests::fuzz {

using Bytes = Input;

struct Verdict {
    std::string finding;  // one sentence; empty: nothing is wrong
    sim::engine::CellResult result;
};

// The bundle that a machine is started with to carry sequences out, each in a cell of its own.
// `programs`: for the image.
std::vector<std::byte> bundle_of(std::span<const Bytes> sequences, bool trace_full,
                                 std::span<const sim::testbed::ProgramFile> programs = {});

Verdict run(std::span<const std::uint8_t> sequence, bool trace_full = false);

// Of the disk that the machine of a sequence has, if its plan says so.
inline constexpr std::uint64_t disk_bytes =
    std::uint64_t{scenarios::sequence::disk_blocks} * kernel::abi::page_size;

// As programs and scenarios have it, and the corpus: hexadecimal text.
std::string text_of(std::span<const std::uint8_t> sequence);
// Every line of the file that is not empty and no comment (#). Throws std::runtime_error, with the
// line, where it is no hexadecimal text, and where the file cannot be read.
std::vector<Bytes> read_corpus(const std::string& path);

}  // namespace tests::fuzz
