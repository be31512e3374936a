#include "sim/engine/turns.hpp"

#include <algorithm>

#include "kernel/base/assert.hpp"

namespace sim::engine {

bool Turns::empty() const {
    return std::ranges::all_of(waiting_, [](const Waiting& core) { return core.ended; });
}

Turns::Turn Turns::next() const {
    const std::size_t none = waiting_.size();
    std::size_t first = none;
    std::size_t second = none;
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
        if (waiting_[i].ended) continue;
        if (first == none || before(waiting_[i], waiting_[first])) {
            second = first;
            first = i;
        } else if (second == none || before(waiting_[i], waiting_[second])) {
            second = i;
        }
    }
    CHITIN_ASSERT(first != none);
    return {first, second == none ? forever : waiting_[second].time_ns};
}

void Turns::put_back(std::size_t core, std::uint64_t time_ns) {
    CHITIN_ASSERT(time_ns >= waiting_[core].time_ns);
    waiting_[core].time_ns = time_ns;
    waiting_[core].sequence = next_sequence_++;
}

}  // namespace sim::engine
