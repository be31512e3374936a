#pragma once

/// Which segment is cleaned next: a family behind one concept.
///
/// A policy gives each candidate a score; the highest goes first. Candidates have something to
/// gain: a segment that is full of live blocks is none.
///
/// To add one: a class here, a line in Cleaning, names and with_policy().

#include <array>
#include <concepts>
#include <cstdint>
#include <string_view>

namespace libos::fs::log {

struct Candidate {
    std::uint32_t segment = 0;
    std::uint32_t live = 0;    ///< blocks
    std::uint32_t blocks = 0;  ///< of a segment
    std::uint32_t age = 0;     ///< writes of the log since its youngest block changed
};

template <class P>
concept CleaningPolicy = requires(P& policy, const Candidate& candidate) {
    { policy.score(candidate) } -> std::same_as<std::uint64_t>;
};

/// The emptiest (Rosenblum and Ousterhout 1992, 3.5).
class Greedy {
public:
    std::uint64_t score(const Candidate& c) { return c.blocks - c.live; }
};

/// Benefit over cost, (1 - u) age / (1 + u): space in old segments lasts longer (the same, 3.6).
class CostBenefit {
public:
    std::uint64_t score(const Candidate& c) {
        return std::uint64_t{c.blocks - c.live} * (std::uint64_t{c.age} + 1) * 1024 /
               (c.blocks + c.live);
    }
};

/// The oldest: the log as a ring, whatever it costs.
class Oldest {
public:
    std::uint64_t score(const Candidate& c) { return c.age; }
};

/// Any: the base line. A hash of segment and age, so that runs repeat.
class Random {
public:
    std::uint64_t score(const Candidate& c) {
        std::uint64_t x = (std::uint64_t{c.segment} << 32 | c.age) * 0x9e3779b97f4a7c15;
        x ^= x >> 29;
        return x * 0xbf58476d1ce4e5b9 >> 16;
    }
};

static_assert(CleaningPolicy<Greedy> && CleaningPolicy<CostBenefit> && CleaningPolicy<Oldest> &&
              CleaningPolicy<Random>);

enum class Cleaning : std::uint8_t { greedy, cost_benefit, oldest, random };

/// What people read of a policy.
struct CleaningText {
    std::string_view name, summary, paper;
};
/// By Cleaning's values.
inline constexpr std::array<CleaningText, 4> cleaning_texts{{
    {"greedy", "cleans the segments with the fewest live blocks", "Rosenblum and Ousterhout 1992"},
    {"cost-benefit", "weighs the room gained, and how long it lasts, against what moving costs",
     "Rosenblum and Ousterhout 1992"},
    {"oldest", "cleans the log in the order in which it was written", "none: the log as a ring"},
    {"random", "cleans any segment", "none: the base line"},
}};
inline constexpr std::array<std::string_view, 4> cleaning_names{
    cleaning_texts[0].name, cleaning_texts[1].name, cleaning_texts[2].name,
    cleaning_texts[3].name};

/// Calls `use` with the policy.
template <class Use>
decltype(auto) with_policy(Cleaning cleaning, Use&& use) {
    switch (cleaning) {
        case Cleaning::greedy: return use(Greedy{});
        case Cleaning::oldest: return use(Oldest{});
        case Cleaning::random: return use(Random{});
        case Cleaning::cost_benefit: break;
    }
    return use(CostBenefit{});
}

}  // namespace libos::fs::log
