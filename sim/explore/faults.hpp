#pragma once

/// Faults: which of the kernel's and the machine's sites are hit, and how hard.
///
/// Each kind is on in half of the runs, with a rate of its own drawn for the run: a mixture of
/// everything all the time hides what needs one kind alone (Groce et al., Swarm Testing, ISSTA
/// 2012).

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "sim/explore/decision.hpp"
#include "sim/explore/stream.hpp"

namespace sim::explore {

/// A set of kinds but stall.
struct FaultChoice {
    std::uint32_t kinds = 0;  ///< a bit each, by DecisionKind

    [[nodiscard]] bool has(DecisionKind kind) const {
        return (kinds >> static_cast<unsigned>(kind) & 1) != 0;
    }
    /// `none`, `all` (but what changes a disk's contents silently), `legal` (all but what kills,
    /// refuses and fails), or names with commas between.
    static std::expected<FaultChoice, std::string> parse(std::string_view text);
    [[nodiscard]] std::string text() const;
};

class Faults {
public:
    Faults(const FaultChoice& choice, std::uint64_t slice_ns, std::uint64_t seed);

    /// The value of this occasion's decision; 0: none.
    std::uint64_t draw(DecisionKind kind);
    /// How the run was set up: `message 1/64, timer 1/8`.
    [[nodiscard]] std::string text() const;

private:
    struct Kind {
        std::uint64_t one_in = 0;  // 0: off
        Stream stream;
    };

    std::vector<Kind> kinds_;  // by DecisionKind
    std::uint32_t time_bits_;
};

}  // namespace sim::explore
