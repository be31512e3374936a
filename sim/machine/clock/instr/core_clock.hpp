// CoreClock of the `instr` clock: a core's virtual time is what it executed: a nanosecond for each
// instruction of kernel, libOS and programs. See ../README.md and edge.S.
#pragma once

#include <cstdint>

namespace sim::machine {
class CoreClock;
}

// Whose time passes on this thread; null: nobody's. Read at each edge.
extern "C" thread_local constinit sim::machine::CoreClock* chitin_clock;

namespace sim::machine {

class CoreClock {
public:
    static constexpr bool counts_instructions = true;

    std::uint64_t now() const { return now_ns_; }
    void advance(std::uint64_t span_ns) { now_ns_ += span_ns; }

    void begin_run(std::uint64_t until_ns) { until_ns_ = until_ns; }
    bool end_run() {
        until_ns_ = forever;
        const bool up = time_up_ != 0;
        time_up_ = 0;
        return up;
    }

private:
    static constexpr std::uint64_t forever = ~std::uint64_t{0};

    // The first three as edge.S knows them.
    std::uint64_t now_ns_ = 0;
    std::uint64_t until_ns_ = forever;  // of the environment that runs
    std::uint64_t time_up_ = 0;
};
static_assert(sizeof(CoreClock) == 24);

inline void select_clock(CoreClock* clock) { chitin_clock = clock; }

class Uncharged {
public:
    Uncharged() : before_{chitin_clock} { chitin_clock = nullptr; }
    Uncharged(const Uncharged&) = delete;
    Uncharged& operator=(const Uncharged&) = delete;
    ~Uncharged() { chitin_clock = before_; }

private:
    CoreClock* before_;
};

// Counts the instructions of this program's blocks.
const char* prepare_clock();

}  // namespace sim::machine
