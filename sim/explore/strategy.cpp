#include "sim/explore/strategy.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <numeric>
#include <vector>

#include "sim/explore/stream.hpp"

namespace sim::explore {

namespace {

constexpr std::uint64_t purpose_strategy = 1;

class NoStall : public Strategy {
public:
    std::uint64_t stall(const Moment&) override { return 0; }
};

class RandomStalls : public Strategy {
public:
    RandomStalls(const Baseline& baseline, std::uint64_t seed)
        : stream_{seed, purpose_strategy},
          one_in_{stream_.logarithmic(one_in_bits)},
          bits_{static_cast<std::uint32_t>(std::bit_width(2 * baseline.slice_ns + 1))} {}

    std::uint64_t stall(const Moment&) override {
        return stream_.one_in(one_in_) ? stream_.logarithmic(bits_) : 0;
    }

private:
    static constexpr std::uint32_t one_in_bits = 9;

    Stream stream_;
    std::uint64_t one_in_;
    std::uint32_t bits_;
};

class Pct : public Strategy {
public:
    Pct(std::uint32_t depth, const Baseline& baseline, std::uint64_t seed)
        : priorities_(baseline.cores),
          waited_(baseline.cores),
          slice_ns_{std::max<std::uint64_t>(baseline.slice_ns, steps_per_slice)},
          next_lowest_{depth - 1} {
        Stream stream{seed, purpose_strategy};
        std::iota(priorities_.begin(), priorities_.end(), std::uint64_t{depth});
        for (std::size_t i = priorities_.size(); i > 1; --i) {
            std::swap(priorities_[i - 1], priorities_[stream.below(i)]);
        }
        for (std::uint32_t i = 1; i < depth; ++i) {
            changes_.push_back(1 + stream.below(std::max<std::uint64_t>(baseline.events, 1)));
        }
    }

    std::uint64_t stall(const Moment& moment) override {
        if (std::ranges::find(changes_, moment.of_all) != changes_.end()) {
            priorities_[moment.core] = next_lowest_;
            if (next_lowest_ > 0) --next_lowest_;
            std::ranges::fill(waited_, 0u);
            return slice_ns_;
        }
        if (!above_is_busy(moment) || waited_[moment.core] == patience) return 0;
        ++waited_[moment.core];
        return slice_ns_ / steps_per_slice;
    }

private:
    static constexpr std::uint64_t steps_per_slice = 8;
    // A core that waits so often for one that only looks busy (it polls) goes on.
    static constexpr std::uint32_t patience = 256;

    [[nodiscard]] bool above_is_busy(const Moment& moment) const {
        const std::uint64_t soon = moment.now.value + slice_ns_ / steps_per_slice;
        for (std::uint32_t other = 0; other < priorities_.size(); ++other) {
            if (priorities_[other] <= priorities_[moment.core]) continue;
            if (moment.promises.promised(other) <= soon) return true;
        }
        return false;
    }

    std::vector<std::uint64_t> priorities_;  // by core; the greatest goes first
    std::vector<std::uint32_t> waited_;
    std::vector<std::uint64_t> changes_;
    std::uint64_t slice_ns_;
    std::uint64_t next_lowest_;
};

// One core is slower than the others by a factor: it stands still in proportion to what it used.
class Slow : public Strategy {
public:
    Slow(const Baseline& baseline, std::uint64_t seed) : longest_{2 * baseline.slice_ns} {
        Stream stream{seed, purpose_strategy};
        core_ = static_cast<std::uint32_t>(stream.below(std::max(baseline.cores, 1u)));
        more_ = 1 + stream.below(factor_max - 1);
    }

    std::uint64_t stall(const Moment& moment) override {
        if (moment.core != core_) return 0;
        const std::uint64_t used = moment.now.value - last_;
        const std::uint64_t stall = std::min(used * more_, longest_);
        last_ = moment.now.value + stall;
        return stall;
    }

private:
    static constexpr std::uint64_t factor_max = 16;

    std::uint64_t longest_;
    std::uint32_t core_ = 0;
    std::uint64_t more_ = 0;
    std::uint64_t last_ = 0;
};

// Preempts at the given events.
class At : public Strategy {
public:
    At(std::vector<std::uint64_t> events, std::uint64_t slice_ns)
        : events_{std::move(events)}, slice_ns_{slice_ns} {}

    std::uint64_t stall(const Moment& moment) override {
        return std::ranges::find(events_, moment.of_all) != events_.end() ? slice_ns_ : 0;
    }

private:
    std::vector<std::uint64_t> events_;
    std::uint64_t slice_ns_;
};

class Every : public Strategy {
public:
    Every(std::uint64_t events, std::uint64_t slice_ns) : events_{events}, slice_ns_{slice_ns} {}

    std::uint64_t stall(const Moment& moment) override {
        return moment.of_all % events_ == 0 ? slice_ns_ : 0;
    }

private:
    std::uint64_t events_;
    std::uint64_t slice_ns_;
};

// n over k, or `forever` where it does not fit.
std::uint64_t choose(std::uint64_t n, std::uint32_t k) {
    unsigned __int128 ways = 1;
    for (std::uint32_t i = 0; i < k; ++i) {
        ways = ways * (n - i) / (i + 1);
        if (ways >> 63 != 0) return ~std::uint64_t{0};
    }
    return n < k ? 0 : static_cast<std::uint64_t>(ways);
}

// The subset number `rank` of 1..n with k members: the combinatorial number system (Knuth, The Art
// of Computer Programming 4A, 7.2.1.3).
std::vector<std::uint64_t> subset(std::uint64_t rank, std::uint64_t n, std::uint32_t k) {
    std::vector<std::uint64_t> members;
    for (; k > 0; --k) {
        std::uint64_t member = n - 1;
        while (choose(member, k) > rank) --member;
        rank -= choose(member, k);
        members.push_back(member + 1);
    }
    return members;
}

std::unique_ptr<Strategy> make_bounded(std::uint32_t bound, const Baseline& baseline,
                                       std::uint64_t run) {
    for (std::uint32_t size = 0; size <= bound; ++size) {
        const std::uint64_t ways = choose(baseline.events, size);
        if (run < ways) {
            return std::make_unique<At>(subset(run, baseline.events, size), baseline.slice_ns);
        }
        run -= ways;
    }
    return std::make_unique<NoStall>();
}

constexpr std::uint32_t bound_max = 3;
constexpr std::uint32_t depth_max = 16;

std::expected<std::uint32_t, std::string> parse_depth(std::string_view text, std::uint32_t most) {
    std::uint32_t depth = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), depth);
    if (error == std::errc{} && end == text.data() + text.size() && depth >= 1 && depth <= most) {
        return depth;
    }
    return std::unexpected("expected a number from 1 to " + std::to_string(most) +
                           " after the colon, found \"" + std::string{text} + "\"");
}

}  // namespace

std::expected<StrategyChoice, std::string> StrategyChoice::parse(std::string_view text) {
    const auto colon = text.find(':');
    const std::string_view name = text.substr(0, colon);
    const bool bounded = name == "bounded";
    if (bounded || name == "pct") {
        if (colon == std::string_view::npos) {
            return std::unexpected("expected a number, as in " + std::string{name} + ":2");
        }
        const auto depth = parse_depth(text.substr(colon + 1), bounded ? bound_max : depth_max);
        if (!depth) return std::unexpected(depth.error());
        return StrategyChoice{bounded ? StrategyKind::bounded : StrategyKind::pct, *depth};
    }
    if (text == "none") return StrategyChoice{StrategyKind::none};
    if (text == "random") return StrategyChoice{StrategyKind::random};
    if (text == "round-robin") return StrategyChoice{StrategyKind::round_robin};
    if (text == "slow") return StrategyChoice{StrategyKind::slow};
    if (text == "portfolio") return StrategyChoice{StrategyKind::portfolio};
    return std::unexpected("expected none, random, pct:D, bounded:N, round-robin, slow or "
                           "portfolio, found \"" + std::string{text} + "\"");
}

std::string StrategyChoice::text() const {
    switch (kind) {
        case StrategyKind::none: return "none";
        case StrategyKind::random: return "random";
        case StrategyKind::pct: return "pct:" + std::to_string(depth);
        case StrategyKind::bounded: return "bounded:" + std::to_string(depth);
        case StrategyKind::round_robin: return "round-robin";
        case StrategyKind::slow: return "slow";
        case StrategyKind::portfolio: return "portfolio";
    }
    return {};
}

StrategyChoice StrategyChoice::of_run(std::uint64_t run) const {
    if (kind != StrategyKind::portfolio) return *this;
    constexpr StrategyChoice members[] = {{StrategyKind::random},
                                          {StrategyKind::pct, 2},
                                          {StrategyKind::pct, 3},
                                          {StrategyKind::round_robin},
                                          {StrategyKind::slow}};
    return members[run % std::size(members)];
}

std::uint64_t StrategyChoice::runs_of(const Baseline& baseline) const {
    if (kind != StrategyKind::bounded) return 0;
    std::uint64_t runs = 0;
    for (std::uint32_t size = 0; size <= depth; ++size) {
        const std::uint64_t ways = choose(baseline.events, size);
        runs = ways > ~runs ? ~std::uint64_t{0} : runs + ways;
    }
    return runs;
}

std::unique_ptr<Strategy> make_strategy(const StrategyChoice& choice, const Baseline& baseline,
                                        std::uint64_t seed, std::uint64_t run) {
    constexpr std::uint64_t spacings = 64;
    const StrategyChoice own = choice.of_run(run);
    switch (own.kind) {
        case StrategyKind::random: return std::make_unique<RandomStalls>(baseline, seed);
        case StrategyKind::pct: return std::make_unique<Pct>(own.depth, baseline, seed);
        case StrategyKind::bounded: return make_bounded(own.depth, baseline, run);
        case StrategyKind::round_robin:
            return std::make_unique<Every>(1 + seed % spacings, baseline.slice_ns);
        case StrategyKind::slow: return std::make_unique<Slow>(baseline, seed);
        default: return std::make_unique<NoStall>();
    }
}

}  // namespace sim::explore
