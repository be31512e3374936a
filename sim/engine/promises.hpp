// Promises: which of a machine's cores may run, and how far: conservative synchronisation.
//
// Why: cores have a virtual time each and share one host thread, and what one does can reach
// another only by a message that takes `latency`. So a core may run ahead of the others by as
// much, its lookahead, without seeing less than it should. Each core promises the time before
// which it sends nothing; its horizon is what the promises of the others, and what its own
// messages may bring back, leave it (Chandy and Misra, Distributed Simulation, IEEE TSE 5(5),
// 1979). The bare machine computes the same over shared memory.
//
// Times are virtual nanoseconds. Compiled without ThreadSanitizer's instrumentation: the cores'
// fibers use it, and it must not order what they do (see README.md).
#pragma once

#include <cstddef>
#include <cstdint>

namespace sim::engine {

class Promises {
public:
    static constexpr std::uint64_t forever = ~std::uint64_t{0};
    static constexpr std::size_t cores_max = 64;

    Promises(std::size_t cores, std::uint64_t latency_ns);

    // The core sends nothing before `time`, unless a message reaches it (lower).
    void promise(std::size_t core, std::uint64_t time);
    // A message arrives at the core then.
    void lower(std::size_t core, std::uint64_t time);
    void end(std::size_t core);

    // A message from `from` is in the ring to `to`; who sent one since it was last asked.
    void post(std::size_t from, std::size_t to);
    std::uint64_t take_posted(std::size_t core);

    std::uint64_t promised(std::size_t core) const { return cores_[core].time; }
    // No message can arrive at the core before that time but those that were sent already.
    std::uint64_t horizon(std::size_t core) const;
    bool may_go(std::size_t core) const { return horizon(core) > promised(core); }

    bool all_ended() const { return ended_ == count_; }
    // The core to run: the one that is furthest behind, the first one of several: it may always go.
    // Where nobody has anything to do: the first that has not ended.
    std::size_t next() const;

private:
    struct Core {
        std::uint64_t time = 0;
        std::uint64_t posted = 0;
        bool ended = false;
    };

    void set(std::size_t core, std::uint64_t time);

    // tree_[leaves_ + i] is core i's time, tree_[i] the lesser of tree_[2i] and tree_[2i + 1]:
    // tree_[1] is the least of all.
    std::uint64_t tree_[2 * cores_max];
    Core cores_[cores_max];
    std::size_t count_;
    std::size_t leaves_;  // the least power of two that count_ fits in
    std::size_t ended_ = 0;
    std::uint64_t latency_;
};

}  // namespace sim::engine
