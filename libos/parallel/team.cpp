#include "libos/parallel/team.hpp"

namespace libos::parallel {

namespace {

using kernel::abi::EnvId;
using kernel::abi::never;
using kernel::abi::Nanoseconds;
using rt::Rights;
using rt::Slot;
namespace calls = rt::calls;

constexpr Rights read_write = Rights::read | Rights::write;
// What looking into another member's deque costs: a cache line of another core's.
constexpr Nanoseconds look_cost{100};

struct Done {
    std::uint64_t pages;
};
// To the leader: lend me the board, into these slots. `left`: I am off the board.
struct Enter {
    using Reply = Done;
    std::uint64_t core;
    std::uint64_t first_slot;
};
struct Leave {
    using Reply = Done;
};
using Leader = ipc::Interface<Enter, Leave>;

std::uint64_t bit(std::uint32_t core) { return std::uint64_t{1} << core; }

constexpr Nanoseconds pause{1000};  // before asking the leader again

}  // namespace

struct Team::Board {
    alignas(64) std::uint64_t idle;     // a bit a member that sleeps
    alignas(64) std::uint64_t stopped;
};

Team::Team(rt::Environment& env, std::span<const Function> functions)
    : env_{env},
      functions_{functions},
      size_{env.info().system().cores},
      self_{env.info().system().core},
      pages_{1 + (size_ * member_bytes + kernel::abi::page_size - 1) / kernel::abi::page_size},
      base_{env.space().reserve(pages_)} {
    if (leads()) {
        lead();
    } else {
        join();
    }
}

Team::Board& Team::board() const { return *reinterpret_cast<Board*>(base_.value); }

Member& Team::member(std::uint32_t core) const {
    return *reinterpret_cast<Member*>(base_.value + kernel::abi::page_size + core * member_bytes);
}

// ---- entering and leaving

void Team::lead() {
    Slot frames[1 + kernel::abi::cores_max * member_bytes / kernel::abi::page_size];
    for (std::uint64_t i = 0; i < pages_; ++i) {
        frames[i] = env_.must(env_.space().allocate(), "a frame of the board");
        const rt::VirtAddr page{base_.value + i * kernel::abi::page_size};
        env_.must(env_.space().map(frames[i], page, read_write), "mapping the board");
    }
    std::uint32_t entered = 1;
    Leader::Server server{
        env_, ipc::Overloaded{[&](EnvId, const Enter& member) {
                                  for (std::uint64_t i = 0; i < pages_; ++i) {
                                      const Slot its{static_cast<std::uint32_t>(
                                          member.first_slot + i)};
                                      env_.must(
                                          calls::cap_lend(
                                              env_.peer(static_cast<std::uint32_t>(member.core)),
                                              frames[i], its, read_write,
                                              env_.must(env_.space().take_slot(), "a slot")),
                                          "lending the board");
                                  }
                                  ++entered;
                                  return Done{pages_};
                              },
                              [](EnvId, const Leave&) { return Done{0}; }}};
    while (entered < size_) server.turn(never);
    server.turn(env_.now());
}

void Team::join() {
    // Slots that are next to one another: the allocator gives them in order from a fresh start.
    const Slot first = env_.must(env_.space().take_slot(), "a slot");
    for (std::uint64_t i = 1; i < pages_; ++i) {
        const Slot next = env_.must(env_.space().take_slot(), "a slot");
        if (next.value != first.value + i) env_.panic("the board's slots are not adjacent");
    }
    Leader::ask(env_, env_.peer(0), Enter{self_, first.value}, pause);
    for (std::uint64_t i = 0; i < pages_; ++i) {
        const rt::VirtAddr page{base_.value + i * kernel::abi::page_size};
        const Slot slot{static_cast<std::uint32_t>(first.value + i)};
        env_.must(env_.space().map(slot, page, read_write), "mapping the board");
    }
}

void Team::stop() {
    __atomic_store_n(&board().stopped, 1, __ATOMIC_SEQ_CST);
    for (std::uint32_t core = 1; core < size_; ++core) {
        env_.must(calls::wake(env_.peer(core)), "waking a member");
    }
    std::uint32_t left = 1;
    Leader::Server server{env_, ipc::Overloaded{[](EnvId, const Enter&) { return Done{0}; },
                                                [&](EnvId, const Leave&) {
                                                    ++left;
                                                    return Done{0};
                                                }}};
    while (left < size_) server.turn(never);
    server.turn(env_.now());
}

// ---- tasks

void Team::spawn(const Task& task) {
    Member& own = mine();
    __atomic_store_n(&own.created, own.created + 1, __ATOMIC_RELEASE);
    if (!own.deque.push(task)) return execute(task);
    // Who goes to sleep says so first, and looks then.
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&board().idle, __ATOMIC_SEQ_CST) != 0) wake_one();
}

void Team::execute(const Task& task) {
    functions_[task.function < functions_.size() ? task.function : 0](*this, task);
    Member& own = mine();
    __atomic_store_n(&own.finished, own.finished + 1, __ATOMIC_RELEASE);
}

bool Team::find(Task& task) {
    if (mine().deque.take(task)) return true;
    for (std::uint32_t i = 1; i < size_; ++i) {
        env_.compute(look_cost);
        if (!member((self_ + i) % size_).deque.steal(task)) continue;
        ++mine().stolen;
        return true;
    }
    return false;
}

void Team::run() {
    Task task;
    for (;;) {
        if (find(task)) {
            execute(task);
        } else if (leads() && all_done()) {
            return;
        } else if (stopped()) {
            Leader::ask(env_, env_.peer(0), Leave{}, pause);
            return;
        } else {
            sleep();
        }
    }
}

// ---- sleeping and waking

bool Team::all_empty() const {
    for (std::uint32_t core = 0; core < size_; ++core) {
        if (!member(core).deque.empty()) return false;
    }
    return true;
}

bool Team::all_done() const {
    std::uint64_t finished = 0;
    std::uint64_t created = 0;
    for (std::uint32_t core = 0; core < size_; ++core) {
        finished += __atomic_load_n(&member(core).finished, __ATOMIC_ACQUIRE);
    }
    for (std::uint32_t core = 0; core < size_; ++core) {
        created += __atomic_load_n(&member(core).created, __ATOMIC_ACQUIRE);
    }
    return finished == created;
}

bool Team::stopped() const { return __atomic_load_n(&board().stopped, __ATOMIC_SEQ_CST) != 0; }

void Team::wake_one() {
    const std::uint64_t idle = __atomic_load_n(&board().idle, __ATOMIC_SEQ_CST) & ~bit(self_);
    if (idle == 0) return;
    const auto core = static_cast<std::uint32_t>(__builtin_ctzll(idle));
    const std::uint64_t before =
        __atomic_fetch_and(&board().idle, ~bit(core), __ATOMIC_SEQ_CST);
    if ((before & bit(core)) != 0) env_.must(calls::wake(env_.peer(core)), "waking a member");
}

// The leader is woken by the last one that goes to sleep.
void Team::sleep() {
    __atomic_fetch_or(&board().idle, bit(self_), __ATOMIC_SEQ_CST);
    if (!all_empty() || stopped()) {
        __atomic_fetch_and(&board().idle, ~bit(self_), __ATOMIC_SEQ_CST);
        return;
    }
    if (all_done()) {
        if (leads()) return;
        const std::uint64_t before =
            __atomic_fetch_and(&board().idle, ~bit(0), __ATOMIC_SEQ_CST);
        if ((before & bit(0)) != 0) env_.must(calls::wake(env_.peer(0)), "waking the leader");
    }
    env_.must(calls::park(never), "sleeping");
    __atomic_fetch_and(&board().idle, ~bit(self_), __ATOMIC_SEQ_CST);
}

}  // namespace libos::parallel
