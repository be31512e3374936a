#pragma once

/// The explorer: the search through a program's paths, and the bound it proves.
///
/// Kept states (nodes) form a tree; each knows how many lines of exploration below it are still
/// open, and the longest run found below it. It is complete when none is open; only then may other
/// states lean on it.
///
///     pool: | node node node ...  -->            <--  ... waiting waiting |
///                                 kept_              waits_

#include <span>

#include "kernel/code/verify/execution.hpp"
#include "kernel/code/verify/verifier.hpp"

namespace kernel::code::verify {

class Explorer {
public:
    /// `pool` is aligned to 8 bytes, `notes` are taken, `state` is as it was made; `memory_used` is
    /// what lies elsewhere, for the verdict.
    Explorer(Program program, const Contract& contract, std::span<Note> notes, State& state,
             std::span<std::byte> pool, std::size_t memory_used);

    /// Explores on, for about `budget` instructions. False: call again.
    [[nodiscard]] bool run(std::uint32_t budget);
    /// Once run() has returned true.
    [[nodiscard]] const Verdict& verdict() const { return verdict_; }

private:
    // A kept state; the state's bytes follow. Nodes are named by where they lie, in units of 8
    // bytes from 1; 0 is none.
    struct Node {
        std::uint32_t parent;
        std::uint32_t older;  // the node kept at the same instruction before
        std::uint32_t steps;  // from the parent to here
        std::uint32_t rest;   // the longest run from here, as far as it is known
        std::uint32_t open;   // lines of exploration that began here and have not ended
        std::uint32_t unused;
    };
    // A branch that waits to be taken the other way; the state before it follows.
    struct Waiting {
        std::uint32_t parent;
        std::uint32_t steps;
        std::uint32_t total;
        std::uint32_t taken;
    };
    enum class Meeting { nothing_known, known, endless };

    bool explore();
    [[nodiscard]] Node& node(std::uint32_t name);
    [[nodiscard]] Meeting meet();
    void keep();
    [[nodiscard]] CodeReason advance();
    [[nodiscard]] CodeReason branch();
    [[nodiscard]] bool wait(bool taken);
    // Ends the line of exploration with `rest` more steps; false: none is left.
    bool end_line(std::uint32_t rest);
    void note_memory();
    void complete(std::uint32_t name, std::uint32_t rest);

    Program program_;
    const Contract& contract_;
    std::span<Note> notes_;
    State& state_;
    std::span<std::byte> pool_;
    Execution execution_;
    std::size_t kept_ = 0;
    std::size_t waits_;
    std::uint32_t fixed_;
    std::uint32_t parent_ = 0;
    std::uint32_t steps_ = 0;  // since the parent
    std::uint32_t total_ = 0;  // since the program's beginning
    std::uint32_t compared_ = 0;
    bool begun_ = false;
    std::uint32_t known_ = 0;  // the longest run of the state last found known
    std::uint32_t whole_ = 0;  // the longest run of all
    Verdict verdict_;
};

}  // namespace kernel::code::verify
