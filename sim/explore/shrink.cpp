#include "sim/explore/shrink.hpp"

#include <algorithm>
#include <cctype>

namespace sim::explore {

namespace {

class Shrinker {
public:
    Shrinker(Decisions decisions, const StillFails& fails, std::uint64_t runs_max)
        : best_{std::move(decisions)}, fails_{fails}, left_{runs_max} {}

    Decisions shrink() {
        if (accept({})) return best_;
        remove_groups();
        if (best_.size() > 1) one_long_stall();
        if (best_.size() > 1) last_alone();
        merge_stalls();
        lower_values();
        return best_;
    }

private:
    bool accept(Decisions candidate) {
        if (left_ == 0) return false;
        --left_;
        if (!fails_(candidate)) return false;
        best_ = std::move(candidate);
        return true;
    }

    bool without(std::size_t first, std::size_t count) {
        Decisions candidate = best_;
        const auto begin = candidate.begin() + static_cast<std::ptrdiff_t>(first);
        const auto end = candidate.begin() +
                         static_cast<std::ptrdiff_t>(std::min(first + count, candidate.size()));
        candidate.erase(begin, end);
        return accept(std::move(candidate));
    }

    void remove_groups() {
        for (std::size_t size = (best_.size() + 1) / 2; size > 0 && left_ > 0;) {
            bool removed = false;
            for (std::size_t first = 0; first < best_.size() && left_ > 0;) {
                if (without(first, size)) {
                    removed = true;
                } else {
                    first += size;
                }
            }
            if (size == 1 && removed) continue;
            size /= 2;
        }
    }

    // One of the stalls alone, as long as all of them together, or longer.
    void one_long_stall() {
        std::uint64_t sum = 0;
        for (const Decision& one : best_) sum += one.kind == DecisionKind::stall ? one.value : 0;
        for (const Decision& one : Decisions{best_}) {
            if (one.kind != DecisionKind::stall) continue;
            for (const std::uint64_t times : {1u, 10u, 100u}) {
                Decision longer = one;
                longer.value = sum * times;
                if (accept({longer})) return;
            }
        }
    }

    // The last one without those before it, which may only have moved its event's number.
    void last_alone() {
        constexpr std::uint64_t far = 256;
        const Decision last = best_.back();
        for (std::uint64_t distance = 1; distance <= far; ++distance) {
            for (const bool later : {true, false}) {
                Decision moved = last;
                moved.at = later ? last.at + distance : last.at - std::min(distance, last.at - 1);
                if (accept({moved})) return;
            }
        }
    }

    // Two stalls of one core, as one.
    void merge_stalls() {
        for (std::size_t i = 0; i < best_.size(); ++i) {
            for (std::size_t j = 0; j < best_.size(); ++j) {
                const Decision& kept = best_[i];
                const Decision& other = best_[j];
                const bool both = i != j && kept.kind == DecisionKind::stall &&
                                  other.kind == DecisionKind::stall && kept.core == other.core;
                if (!both) continue;
                Decisions candidate = best_;
                candidate[i].value += other.value;
                candidate.erase(candidate.begin() + static_cast<std::ptrdiff_t>(j));
                if (!accept(std::move(candidate))) continue;
                i = 0;
                j = 0;
            }
        }
    }

    void lower_values() {
        for (std::size_t i = 0; i < best_.size(); ++i) {
            while (best_[i].value > 1) {
                Decisions candidate = best_;
                candidate[i].value /= 2;
                if (!accept(std::move(candidate))) break;
            }
        }
    }

    Decisions best_;
    const StillFails& fails_;
    std::uint64_t left_;
};

std::string without_numbers(const std::string& text) {
    std::string rest;
    for (const char c : text) {
        if (std::isxdigit(static_cast<unsigned char>(c)) == 0) rest += c;
    }
    return rest;
}

}  // namespace

Decisions shrink_decisions(Decisions decisions, const StillFails& fails, std::uint64_t runs_max) {
    return Shrinker{std::move(decisions), fails, runs_max}.shrink();
}

bool same_failure(const RunReport& one, Failure failure, const std::string& text) {
    return one.failure == failure && without_numbers(one.text) == without_numbers(text);
}

}  // namespace sim::explore
