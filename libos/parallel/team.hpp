// Team: one program on several cores: an environment on each, and work stealing between them.
//
// Why environments and not threads: an environment lives on one core (kernel/design/0011). The
// team's members are the root environments of the cores; core 0's leads: it lends the others the
// frames of the board, where each member has a deque of tasks that the others may steal from.
// Who finds nothing anywhere sleeps, and is woken by the next member that pushes (Blumofe and
// Leiserson, Scheduling multithreaded computations by work stealing, JACM 46(5), 1999).
//
// Invariants: a member that sleeps has set its bit of `idle` and looked into every deque since;
// `created` and `finished` only grow, so that equal sums, `finished` read first, mean that nothing
// is left to do.
//
// On which core a task runs is a matter of time: on the hosted machine of virtual time alone, on
// the bare machine of real time too, because cores see one another's memory as it is then.
#pragma once

#include "libos/ipc/interface.hpp"
#include "libos/parallel/deque.hpp"
#include "libos/rt/environment.hpp"

namespace libos::parallel {

class Team;
using Function = void (*)(Team& team, const Task& task);

// A member's part of the board.
struct Member {
    Deque deque;
    alignas(64) std::uint64_t created;
    std::uint64_t finished;
    std::uint64_t stolen;
    std::uint64_t result;  // the program's own: what this member found
};
inline constexpr std::uint64_t member_bytes = 1024;
static_assert(sizeof(Member) <= member_bytes);

class Team {
public:
    // Every member calls it, with the same functions; task 0 is functions[0]. Panics where
    // memory does not suffice.
    Team(rt::Environment& env, std::span<const Function> functions);
    Team(const Team&) = delete;
    Team& operator=(const Team&) = delete;

    rt::Environment& env() { return env_; }
    std::uint32_t size() const { return size_; }
    std::uint32_t self() const { return self_; }
    bool leads() const { return self_ == 0; }
    Member& member(std::uint32_t core) const;
    Member& mine() const { return member(self_); }

    // Any member, within a task or before run(): one more task for whoever comes first.
    void spawn(const Task& task);
    // Core 0: until all tasks are done. The others: until stop().
    void run();
    // Core 0, after run(): the others' run() returns, and they have left the board when this does.
    void stop();

private:
    struct Board;

    Board& board() const;
    void lead();
    void join();
    void execute(const Task& task);
    bool find(Task& task);
    bool all_empty() const;
    bool all_done() const;
    bool stopped() const;
    void wake_one();
    void sleep();

    rt::Environment& env_;
    std::span<const Function> functions_;
    std::uint32_t size_;
    std::uint32_t self_;
    std::uint64_t pages_;
    rt::VirtAddr base_;
};

}  // namespace libos::parallel
