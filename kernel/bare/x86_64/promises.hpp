// Promises: how far each core may run, over shared memory (kernel/machine/machine.hpp;
// sim/engine/promises.hpp is the same for cores that share one host thread).
// Decision: kernel/design/0010-cores-of-the-bare-machine.md.
//
// Each core has a cache line with one word, `virtual time << 16 | changes`: the time before
// which it sends nothing. Its owner raises it, who sends it a message lowers it; either counts
// a change, so that a word that was read twice and is the same did not change in between
// (65,536 changes between two readings that lie nanoseconds apart are ruled out by their
// number alone). All words read twice and equal are the words of one moment: between the two.
//
// From one moment's words p, with latency L >= 1, no message that is not in the rings yet can
// reach core i before
//
//     H(i) = min(min of p(j) over j != i, + L;  p(i) + 2 L)
//
// since a message is stored, then its target's word lowered to its arrival, and only then is
// the sender's own word raised: what is not in the rings has a sender whose word does not
// exceed the time of its sending. Core i may go when H(i) > p(i).
//
// H(i) > p(i) stays true until core i itself goes on: a word is lowered only by a message, to
// no less than its sender's word + L; if the sender is j != i, then to >= p(j) + L, and what
// the target then adds to H(i) is >= p(j) + 2 L; if it is i, it does not sleep. And what is sent
// to i itself arrives at H(i) or later, so p(i) does not fall below what it may go with.
//
// No wake-up is lost. A core that may not go (1) sets its `waiting`, (2) looks at all words
// once more, (3) halts if it still may not go; an interrupt that comes between is pending and
// ends the halt at once (apic.hpp). Who changes a word (a) changes it, (b) looks for `waiting`
// cores, (c) takes, for each, the words of one moment and interrupts it if it may go. The change
// that lets core i go is followed by its (b). If that sees i's `waiting`, then (c) finds that i
// may go, since that stays true. If it does not, (1) comes behind (b), so (2) comes behind (a)
// and sees that i may go. (1), (2), (a), (b) are sequentially consistent: without that (1) might
// still lie in a store buffer while (2) reads. The ring's contents need only the release of (a)
// and of raising, and the acquire of reading a word, which sequential consistency includes.
//
// Limit: a promise is 48 bits, 78 hours of virtual time.
#pragma once

#include <atomic>
#include <cstdint>

#include "kernel/abi/bundle.hpp"
#include "kernel/abi/types.hpp"

namespace kernel::bare {

class Promises {
public:
    // Before the cores begin with a cell.
    void begin(std::uint32_t cores, std::uint64_t latency);

    // As the seam's, for core `self`.
    abi::Instant synchronise(std::uint32_t self, abi::Instant next);
    void notify(std::uint32_t self, std::uint32_t target, abi::Instant arrival);
    // Who notified core `self` since this was last asked, a bit each.
    std::uint64_t notified(std::uint32_t self);
    // The core has finished its cell: it never sends any more.
    void end(std::uint32_t self);

private:
    struct alignas(64) Line {
        std::atomic<std::uint64_t> word = 0;
        std::uint64_t seen = 0;  // the owner's: its word when it last went on
        std::atomic<std::uint64_t> senders = 0;  // set before the word is changed
        std::atomic<std::uint32_t> waiting = 0;
    };

    // A core's word and its horizon at one moment.
    struct View {
        std::uint64_t word, horizon;
    };
    View look_at(std::uint32_t core) const;
    static bool may_go(const View& view);
    void wake_others();

    Line lines_[abi::cores_max];
    std::uint64_t latency_ = 0;
    std::uint32_t cores_ = 0;
};

// All cores'; empty words at the start.
extern constinit Promises promises;

// What the machine gives: an interrupt to a core, and waiting for one (cores.cpp).
void wake_core(std::uint32_t core);
void wait_for_wake();

}  // namespace kernel::bare
