#pragma once

/// The recorder: valgrind lackey's address trace, as it is printed, to page references.
///
/// Why on the fly: a second of a program is gigabytes of lackey text; its page references are
/// megabytes. What a pager can see of a program lies behind a TLB anyway, so an access counts as a
/// reference only if its page is not among the `filter` last distinct ones: with a filter of 1 a
/// reference is a change of page, with 16 it is a miss of a fully associative LRU TLB of 16. This
/// is Smith's stack deletion (IEEE TSE SE-3(1), 1977); for memories well over `filter` pages it
/// changes little. A reference is a write if its page was written before it left the filter.
///
/// Invariant: memory grows with the references kept, never with the text.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/testbed/trace/builder.hpp"
#include "sim/testbed/trace/trace.hpp"

namespace sim::testbed {

class Recorder {
public:
    static constexpr std::size_t filter_max = 64;

    struct Options {
        std::uint64_t skip = 0;            ///< references left out at the start
        std::uint64_t references_max = 0;  ///< no more are wanted; 0: all
        std::size_t filter = 1;            ///< 1..filter_max distinct pages
    };

    explicit Recorder(const Options& options) : options_{options} {}

    /// False: enough was recorded.
    bool feed(std::span<const char> text);

    [[nodiscard]] trace::Trace finish();

    [[nodiscard]] std::uint64_t references() const { return references_; }
    [[nodiscard]] std::uint64_t accesses() const { return accesses_; }

private:
    // A page of the filter, with its reference's place in the trace.
    struct Recent {
        std::uint64_t page;
        std::uint64_t reference;
    };
    static constexpr std::uint64_t skipped = ~std::uint64_t{0};

    bool line(std::string_view text);
    bool access(std::uint64_t page, bool write);
    Recent refer(std::uint64_t page);

    Options options_;
    std::uint64_t references_ = 0;
    std::uint64_t accesses_ = 0;
    std::vector<Recent> recent_;        // latest first, at most options_.filter
    std::vector<std::uint8_t> writes_;  // one element a reference kept
    bool full_ = false;
    std::string carried_;  // a line whose end has not come yet
    trace::Builder builder_{false};
};

}  // namespace sim::testbed
