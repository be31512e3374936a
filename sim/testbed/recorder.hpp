#pragma once

/// The recorder: valgrind lackey's address trace, as it is printed, to page references.
///
/// Why on the fly: a second of a program is gigabytes of lackey text; its page references are
/// megabytes. Consecutive accesses to one page are one reference: that is what a TLB or a pager
/// could tell apart, and no replacement policy here decides differently for a repeated page. It is
/// a write if any of the accesses merged into it wrote.
///
/// Invariant: memory grows with the references kept, never with the text.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sim/testbed/trace/builder.hpp"
#include "sim/testbed/trace/trace.hpp"

namespace sim::testbed {

class Recorder {
public:
    /// Leaves out the first `skip` references and wants no more than `references_max` (0: all).
    Recorder(std::uint64_t skip, std::uint64_t references_max)
        : skip_{skip}, references_max_{references_max} {}

    /// False: enough was recorded.
    bool feed(std::span<const char> text);

    [[nodiscard]] trace::Trace finish();

    [[nodiscard]] std::uint64_t references() const { return references_; }
    [[nodiscard]] std::uint64_t accesses() const { return accesses_; }

private:
    bool line(std::string_view text);
    bool access(std::uint64_t page, bool write);
    bool flush();

    std::uint64_t skip_;
    std::uint64_t references_max_;
    std::uint64_t references_ = 0;
    std::uint64_t kept_ = 0;
    std::uint64_t accesses_ = 0;
    std::uint64_t page_ = ~std::uint64_t{0};  // of the accesses being merged; all ones: none
    bool write_ = false;
    std::string carried_;  // a line whose end has not come yet
    trace::Builder builder_{false};
};

}  // namespace sim::testbed
