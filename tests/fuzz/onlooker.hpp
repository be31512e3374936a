// Onlooker: the director of a sequence: interferes where a step asks for it, and finds what
// sim/explore's recorder finds.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "scenarios/programs/sequence_steps.hpp"
#include "sim/explore/recorder.hpp"

namespace tests::fuzz {

// How many kinds of interference a sequence may ask for.
constexpr std::size_t kinds_of(const scenarios::sequence::Plan& plan) {
    using sim::explore::DecisionKind;
    return static_cast<std::size_t>(plan.disk ? DecisionKind::revocation
                                              : DecisionKind::disk_late);
}
// What the step that interferes asks for.
struct Wish {
    sim::explore::DecisionKind kind;
    unsigned after;  // so many occasions are let pass
    std::uint64_t value;
};
Wish wish_of(const scenarios::sequence::Plan& plan, const scenarios::sequence::Step& step);

// What steps have asked for and has not come yet.
class Wishes : public sim::explore::Chooser {
public:
    sim::explore::Stall stall(const sim::explore::Moment& moment) override;
    std::uint64_t choose(sim::explore::DecisionKind kind, std::uint32_t core,
                         std::uint64_t at) override;
    void ask(std::uint32_t core, const Wish& wish) { requests_.push_back({core, wish}); }

private:
    struct Request {
        std::uint32_t core;
        Wish wish;
    };
    std::uint64_t take(sim::explore::DecisionKind kind, std::uint32_t core);

    std::vector<Request> requests_;
};

// An environment that faults over and over has lost its way, and will not end: it may, and nothing
// more is learnt from it. The machine stops there, and that is no finding.
inline constexpr std::uint64_t faults_max = 2000;

class Onlooker : public sim::explore::Recorder {
public:
    Onlooker(Wishes& wishes, std::span<const std::uint8_t> sequence,
             const sim::explore::Limits& limits, std::uint32_t cores)
        : Recorder{wishes, limits, cores}, wishes_{wishes}, sequence_{sequence} {}

    sim::machine::Interference after_event(std::uint32_t core, const kernel::abi::Event& event,
                                           kernel::abi::Instant now) override;
    // Has an actor begun with its steps?
    [[nodiscard]] bool begun() const { return begun_; }

private:
    bool begun_ = false;
    std::uint64_t faults_ = 0;
    Wishes& wishes_;
    std::span<const std::uint8_t> sequence_;
};

}  // namespace tests::fuzz
