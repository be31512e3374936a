// Terms: on which a governor has a member, as its argument `members` says.
//
//     members = "control period_us=5000 budget_us=1500, office share=3, batch"
//
// Names of environments with commas between them, each with the terms that the scheduler reads.
#pragma once

#include <charconv>
#include <string_view>

#include "libos/sched/scheduler.hpp"

namespace scenarios::programs {

// What a member asks of the scheduler, and how much it may have.
struct Terms {
    std::uint64_t share = 1;     // in proportion to the other members'
    std::uint64_t priority = 0;  // higher runs first
    std::uint64_t gang = 0;      // members of one gang run together; 0: none
    std::uint64_t period_ns = 0;
    std::uint64_t deadline_ns = 0;  // relative to the period's begin; 0: the period
    std::uint64_t budget_ns = 0;    // at most so much a period; 0: no limit
    std::uint64_t size_ns = 0;      // of one job, from waking until it parks; 0: not known

    libos::sched::Demand demand() const {
        return {.weight = static_cast<std::uint32_t>(share),
                .priority = static_cast<std::uint32_t>(priority),
                .gang = static_cast<std::uint32_t>(gang),
                .period = libos::sched::Nanoseconds{period_ns},
                .deadline = libos::sched::Nanoseconds{deadline_ns},
                .budget = libos::sched::Nanoseconds{budget_ns}};
    }
};

struct MemberText {
    std::string_view name;
    std::string_view terms;  // "key=value" with spaces between them
};

// The first word before `separator`, taken off `text` with it.
inline std::string_view take_until(std::string_view& text, char separator) {
    std::size_t end = 0;
    while (end < text.size() && text[end] != separator) ++end;
    const std::string_view word{text.data(), end};
    text.remove_prefix(end < text.size() ? end + 1 : end);
    return word;
}

inline void skip_spaces(std::string_view& text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

// The first member, taken off `text`.
inline MemberText take_member(std::string_view& text) {
    std::string_view rest = take_until(text, ',');
    skip_spaces(rest);
    const std::string_view name = take_until(rest, ' ');
    return {name, rest};
}

// Is the environment of that name meant? One on several cores has "@" and its core behind it.
inline bool called(std::string_view name, std::string_view wanted) {
    std::string_view rest = name;
    return name == wanted || take_until(rest, '@') == wanted;
}

// One "key=value". False: not a term, or not within its range.
inline bool read_term(std::string_view text, Terms& terms) {
    struct Key {
        std::string_view name;
        std::uint64_t Terms::*where;
        std::uint64_t unit, minimum, maximum;
    };
    constexpr std::uint64_t us = 1000;
    constexpr std::uint64_t long_us = 100'000'000;
    constexpr Key keys[] = {{"share", &Terms::share, 1, 1, 1 << 20},
                            {"priority", &Terms::priority, 1, 0, 1 << 20},
                            {"gang", &Terms::gang, 1, 0, 1 << 20},
                            {"period_us", &Terms::period_ns, us, 1, long_us},
                            {"deadline_us", &Terms::deadline_ns, us, 1, long_us},
                            {"budget_us", &Terms::budget_ns, us, 1, long_us},
                            {"size_us", &Terms::size_ns, us, 1, long_us}};
    const std::string_view name = take_until(text, '=');
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec != std::errc{} || read.ptr != end) return false;
    for (const Key& key : keys) {
        if (key.name != name || value < key.minimum || value > key.maximum) continue;
        terms.*key.where = value * key.unit;
        return true;
    }
    return false;
}

// What is wrong with the terms under that scheduler; empty: nothing.
inline std::string_view unfit(const Terms& terms, std::string_view scheduler) {
    const bool reserves = scheduler == "cbs";
    const bool periodic = reserves || scheduler == "edf" || scheduler == "rm" ||
                          terms.budget_ns != 0;
    if (periodic && terms.period_ns == 0) return "period_us is missing";
    if (scheduler == "dm" && terms.period_ns + terms.deadline_ns == 0) {
        return "period_us or deadline_us is missing";
    }
    if (reserves && terms.budget_ns == 0) return "budget_us is missing";
    if (terms.budget_ns > terms.period_ns) return "budget_us is over period_us";
    return {};
}

}  // namespace scenarios::programs
