// Progress: whoever can run gets on, once nobody interferes any more.
//
// A schedule that starves somebody is legal as long as it lasts; after it, an environment that
// can run and has no event of its own for very long is a bug: a lost place in the run ring, a slice
// that is never given, a core that waits for ever. "Very long" is counted in events of all cores,
// not in time: who waits for its turn sees others' events meanwhile, and few of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernel/abi/info.hpp"

namespace sim::checkers {

class Progress {
public:
    // `bound`: so many events without one of its own are too many.
    explicit Progress(std::uint64_t bound) : bound_{bound} {}

    // After event number `events`; nobody interferes after number `calm`. Empty, or who has not got
    // on since which event; nobody is blamed for what was before `calm`.
    std::string look(std::span<const std::byte> pool, std::uint64_t events, std::uint64_t calm);

    // Those that had no event of their own for longest, for a report; at most a few.
    [[nodiscard]] std::string longest(std::uint64_t events) const;

private:
    struct Seen {
        bool there = false;
        std::uint16_t serial = 0;
        kernel::abi::EnvState state{};
        std::uint64_t own_events = 0;
        std::uint64_t since = 0;
    };
    using Core = std::array<Seen, kernel::abi::environments_max>;

    std::uint64_t bound_;
    std::vector<Core> cores_;
};

}  // namespace sim::checkers
