// Turns: which of a machine's cores runs next, and until when.
//
// Why: cores have a virtual time each and share one host thread. The core that is furthest
// behind runs, ties going to the one that waited longest (time, sequence), and it runs until
// it passes the next one. So the interleaving is a function of virtual time alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sim::engine {

class Turns {
public:
    static constexpr std::uint64_t forever = ~std::uint64_t{0};

    struct Turn {
        std::size_t core;
        std::uint64_t ends_ns;  // the first other core's time, or forever
    };

    explicit Turns(std::size_t cores) : waiting_(cores) {
        for (Waiting& core : waiting_) core.sequence = next_sequence_++;
    }

    bool empty() const;
    Turn next() const;
    // `core` had its turn and has come to `time_ns`.
    void put_back(std::size_t core, std::uint64_t time_ns);
    void remove(std::size_t core) { waiting_[core].ended = true; }

private:
    struct Waiting {
        std::uint64_t time_ns = 0;
        std::uint64_t sequence = 0;
        bool ended = false;
    };

    static bool before(const Waiting& a, const Waiting& b) {
        return a.time_ns != b.time_ns ? a.time_ns < b.time_ns : a.sequence < b.sequence;
    }

    std::vector<Waiting> waiting_;
    std::uint64_t next_sequence_ = 0;
};

}  // namespace sim::engine
