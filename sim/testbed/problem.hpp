#pragma once

/// Problems: everything that is wrong with an input, each with its place.
///
/// Why: a person who is told one error at a time runs the tool once an error. A reader notes each
/// problem here and goes on, so that all of them are reported together.
///
/// Invariant: a problem's line and column count from 1; 0 means the whole file (or an option).

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sim::testbed {

/// A place in a scenario file, or an option given on the command line.
struct Place {
    std::string file;
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

struct Problem {
    Place place;
    std::string message;  ///< what is wrong, and what was expected
};

class Problems {
public:
    void add(Place place, std::string message);

    [[nodiscard]] bool empty() const { return list_.empty(); }
    [[nodiscard]] std::size_t size() const { return list_.size(); }

    /// One `file:line:column: error: message` a line, in the order of the places.
    [[nodiscard]] std::string text() const;

private:
    std::vector<Problem> list_;
};

/// The candidate closest to `word` (edit distance of at most a third of its length), or empty.
[[nodiscard]] std::string_view nearest(std::string_view word,
                                       std::span<const std::string_view> candidates);

/// `; did you mean "x"?` where something is near, else the list of what is known.
[[nodiscard]] std::string suggestion(std::string_view word,
                                     std::span<const std::string_view> candidates);

}  // namespace sim::testbed
