#include "sim/testbed/problem.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace sim::testbed {

namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
        }
    }
    return row.back();
}

}  // namespace

void Problems::add(Place place, std::string message) {
    // Cells of a sweep repeat what is wrong with what they share: say it once.
    const bool known = std::ranges::any_of(list_, [&](const Problem& problem) {
        return problem.message == message && problem.place.file == place.file &&
               problem.place.line == place.line && problem.place.column == place.column;
    });
    if (!known) list_.push_back({std::move(place), std::move(message)});
}

std::string Problems::text() const {
    std::vector<Problem> sorted = list_;
    std::ranges::stable_sort(sorted, {}, [](const Problem& problem) {
        return std::tuple{problem.place.line, problem.place.column};
    });
    std::string all;
    for (const Problem& problem : sorted) {
        const Place& place = problem.place;
        if (place.line == 0) {
            all += fmt::format("{}: error: {}\n", place.file, problem.message);
        } else {
            all += fmt::format("{}:{}:{}: error: {}\n", place.file, place.line, place.column,
                               problem.message);
        }
    }
    return all;
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
    constexpr std::size_t word_max = 64;
    if (word.size() > word_max) return {};
    std::string_view best;
    std::size_t best_distance = word.size() / 3 + 2;
    for (const std::string_view candidate : candidates) {
        const std::size_t distance = edit_distance(word, candidate);
        if (distance < best_distance) {
            best_distance = distance;
            best = candidate;
        }
    }
    return best;
}

std::string suggestion(std::string_view word, std::span<const std::string_view> candidates) {
    if (candidates.empty()) return "; none is known";
    const std::string_view near = nearest(word, candidates);
    if (!near.empty()) return fmt::format("; did you mean \"{}\"?", near);
    return fmt::format("; expected one of: {}", fmt::join(candidates, ", "));
}

}  // namespace sim::testbed
