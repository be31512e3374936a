#pragma once

/// Which events of a history belong together: control transfers, there and back.

#include <cstddef>
#include <vector>

#include "sim/testbed/timeline/history.hpp"

namespace sim::testbed::timeline {

/// From the call to where the server got it, or from the reply to where the caller did.
struct Arrow {
    std::size_t from = 0;  ///< events, by their place in the history
    std::size_t to = 0;
};

/// In the order in which they arrive.
[[nodiscard]] std::vector<Arrow> transfers_of(const History& history);

}  // namespace sim::testbed::timeline
