#include "sim/testbed/trace/next_use.hpp"

namespace sim::testbed::trace {

std::vector<std::uint64_t> next_uses(const Trace& trace) {
    std::vector<std::uint64_t> seen_at(trace.pages(), no_next_use);
    std::vector<std::uint64_t> next(trace.page.size());
    for (std::size_t i = trace.page.size(); i-- > 0;) {
        std::uint64_t& later = seen_at[trace.page[i]];
        next[i] = later;
        later = i;
    }
    return next;
}

}  // namespace sim::testbed::trace
