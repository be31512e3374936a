// CoreClock of the `cost` clock: a core's virtual time, moved by what the kernel charges alone.
// See ../README.md; the other kind has the same members.
#pragma once

#include <cstdint>

namespace sim::machine {

class CoreClock {
public:
    static constexpr bool counts_instructions = false;

    std::uint64_t now() const { return now_ns_; }
    void advance(std::uint64_t span_ns) { now_ns_ += span_ns; }

    // An environment runs between the two. end_run(): is it back because its time was up?
    void begin_run(std::uint64_t) {}
    static constexpr bool end_run() { return false; }

private:
    std::uint64_t now_ns_ = 0;
};

// Which core's instructions count on this thread; null: nobody's.
inline void select_clock(CoreClock*) {}

// While one exists, what this thread does is the host's and costs nothing.
struct Uncharged {
    Uncharged() {}
};

// Once before the first machine runs. Error: one sentence.
inline const char* prepare_clock() { return nullptr; }

}  // namespace sim::machine
