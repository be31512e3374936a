#pragma once

/// Choosers: where a run's decisions come from: drawn by a strategy, or read from a list.

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "sim/explore/decision.hpp"
#include "sim/explore/faults.hpp"
#include "sim/explore/strategy.hpp"
#include "sim/explore/stream.hpp"

namespace sim::explore {

/// A core that stands still for `ns`, `after_ns` after the event that was asked about.
struct Stall {
    std::uint64_t ns = 0;  ///< 0: it does not
    std::uint64_t after_ns = 0;
};

class Chooser {
public:
    virtual ~Chooser() = default;
    virtual Stall stall(const Moment& moment) = 0;
    /// The decision's value at the core's `at`-th occasion of that kind; 0: none.
    virtual std::uint64_t choose(DecisionKind kind, std::uint32_t core, std::uint64_t at) = 0;
};

/// Where between an event and the next a stall begins: half of them at the event itself, in builds
/// that count instructions the others at any edge.
class Edges {
public:
    /// `bits`: of the farthest edge; 0: no edges.
    Edges(std::uint64_t seed, std::uint32_t bits) : stream_{seed, purpose}, bits_{bits} {}

    std::uint64_t draw() {
        return bits_ == 0 || stream_.one_in(2) ? 0 : stream_.logarithmic(bits_);
    }

private:
    static constexpr std::uint64_t purpose = 5;

    Stream stream_;
    std::uint32_t bits_;
};

class Search : public Chooser {
public:
    Search(std::unique_ptr<Strategy> strategy, Faults faults, Edges edges)
        : strategy_{std::move(strategy)}, faults_{std::move(faults)}, edges_{edges} {}

    Stall stall(const Moment& moment) override {
        const std::uint64_t span = strategy_->stall(moment);
        return {span, span == 0 ? 0 : edges_.draw()};
    }
    std::uint64_t choose(DecisionKind kind, std::uint32_t, std::uint64_t) override {
        return faults_.draw(kind);
    }
    [[nodiscard]] std::string faults_text() const { return faults_.text(); }

private:
    std::unique_ptr<Strategy> strategy_;
    Faults faults_;
    Edges edges_;
};

/// `after`: who decides once every decision of the list was met; null: nobody.
class Replay : public Chooser {
public:
    explicit Replay(const Decisions& decisions, std::unique_ptr<Chooser> after = nullptr)
        : after_{std::move(after)} {
        for (const Decision& decision : decisions) {
            values_[key(decision)] = {decision.value, decision.after};
        }
    }

    Stall stall(const Moment& moment) override {
        if (values_.empty() && after_) return after_->stall(moment);
        return take(DecisionKind::stall, moment.core, moment.of_core);
    }
    std::uint64_t choose(DecisionKind kind, std::uint32_t core, std::uint64_t at) override {
        if (values_.empty() && after_) return after_->choose(kind, core, at);
        return take(kind, core, at).ns;
    }

private:
    using Key = std::tuple<DecisionKind, std::uint32_t, std::uint64_t>;

    static Key key(const Decision& one) { return {one.kind, one.core, one.at}; }
    Stall take(DecisionKind kind, std::uint32_t core, std::uint64_t at) {
        if (values_.empty()) return {};
        const auto found = values_.find({kind, core, at});
        if (found == values_.end()) return {};
        const Stall value = found->second;
        values_.erase(found);
        return value;
    }

    std::map<Key, Stall> values_;  // still to come
    std::unique_ptr<Chooser> after_;
};

}  // namespace sim::explore
