#pragma once

/// Choosers: where a run's decisions come from: drawn by a strategy, or read from a list.

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "sim/explore/decision.hpp"
#include "sim/explore/faults.hpp"
#include "sim/explore/strategy.hpp"

namespace sim::explore {

class Chooser {
public:
    virtual ~Chooser() = default;
    virtual std::uint64_t stall(const Moment& moment) = 0;
    /// The decision's value at the core's `at`-th occasion of that kind; 0: none.
    virtual std::uint64_t choose(DecisionKind kind, std::uint32_t core, std::uint64_t at) = 0;
};

class Search : public Chooser {
public:
    Search(std::unique_ptr<Strategy> strategy, Faults faults)
        : strategy_{std::move(strategy)}, faults_{std::move(faults)} {}

    std::uint64_t stall(const Moment& moment) override { return strategy_->stall(moment); }
    std::uint64_t choose(DecisionKind kind, std::uint32_t, std::uint64_t) override {
        return faults_.draw(kind);
    }
    [[nodiscard]] std::string faults_text() const { return faults_.text(); }

private:
    std::unique_ptr<Strategy> strategy_;
    Faults faults_;
};

/// `after`: who decides once every decision of the list was met; null: nobody.
class Replay : public Chooser {
public:
    explicit Replay(const Decisions& decisions, std::unique_ptr<Chooser> after = nullptr)
        : after_{std::move(after)} {
        for (const Decision& decision : decisions) values_[key(decision)] = decision.value;
    }

    std::uint64_t stall(const Moment& moment) override {
        if (values_.empty() && after_) return after_->stall(moment);
        return take(DecisionKind::stall, moment.core, moment.of_core);
    }
    std::uint64_t choose(DecisionKind kind, std::uint32_t core, std::uint64_t at) override {
        if (values_.empty() && after_) return after_->choose(kind, core, at);
        return take(kind, core, at);
    }

private:
    using Key = std::tuple<DecisionKind, std::uint32_t, std::uint64_t>;

    static Key key(const Decision& one) { return {one.kind, one.core, one.at}; }
    std::uint64_t take(DecisionKind kind, std::uint32_t core, std::uint64_t at) {
        if (values_.empty()) return 0;
        const auto found = values_.find({kind, core, at});
        if (found == values_.end()) return 0;
        const std::uint64_t value = found->second;
        values_.erase(found);
        return value;
    }

    std::map<Key, std::uint64_t> values_;  // still to come
    std::unique_ptr<Chooser> after_;
};

}  // namespace sim::explore
