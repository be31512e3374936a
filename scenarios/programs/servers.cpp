// servers: one queue before many cores: M/M/k, with a server a core and a core that hands out.
//
// Core 0's root environment draws arrivals and sizes, both exponential, and keeps the one queue, in
// order of arrival. Every other core's serves a request at a time and asks for the next. All of it
// goes by calls between cores, so its history is the same on both machines. A request waits from
// the instant it was due until a server begins it.
#include <bit>

#include "libos/ipc/interface.hpp"
#include "libos/load/arrivals.hpp"
#include "libos/load/histogram.hpp"
#include "libos/rt/program.hpp"
#include "scenarios/programs/backlog.hpp"

namespace {

using kernel::abi::EnvId;
using kernel::abi::Instant;
using kernel::abi::Nanoseconds;
using kernel::abi::never;
using libos::ipc::Overloaded;
using libos::load::Histogram;
using libos::rt::Environment;
using libos::rt::ParameterKind;
using libos::rt::Slot;
using libos::rt::Status;

constexpr std::int64_t hour_ns = 3'600'000'000'000;

constexpr libos::rt::Parameter parameters[] = {
    {"load", ParameterKind::integer, "80", "work that arrives, % of what the servers can do", 1,
     200},
    {"size_ns", ParameterKind::integer, "1000000", "mean work of a request", 1, hour_ns / 8},
    {"warmup", ParameterKind::integer, "1000", "requests before those that are measured", 0,
     100'000'000},
    {"jobs", ParameterKind::integer, "10000", "requests that are measured", 1, 100'000'000},
};

constexpr unsigned precision = 9;  // percentiles within 0.2%

struct Done {
    std::uint64_t unused;
};
struct Work {
    std::uint64_t due_ns;
    std::uint64_t size_ns;  // 0: nothing now; finish: nothing ever again
};
constexpr std::uint64_t finish = ~std::uint64_t{0};

// To core 0: give me work. What I did was due then, begun then, and finished now.
struct Ask {
    using Reply = Work;
    std::uint64_t core;
    std::uint64_t due_ns;  // 0: I did nothing yet
    std::uint64_t begun_ns;
    std::uint64_t finished_ns;
};
using Office = libos::ipc::Interface<Ask>;

// To a server that was told that there is nothing.
struct Serve {
    using Reply = Done;
    Work work;
};
using Worker = libos::ipc::Interface<Serve>;

constexpr Nanoseconds pause{100};  // before asking again who was busy

// ---- every core but 0

int serve(Environment& env) {
    Work work{0, 0};
    Worker::Server server{env, [&](EnvId, const Serve& given) {
                              work = given.work;
                              return Done{0};
                          }};
    Ask next{env.info().system().core, 0, 0, 0};
    for (;;) {
        work = Office::ask(env, env.peer(0), next, pause);
        if (work.size_ns == 0) {
            while (!server.turn(never)) {
            }
            server.turn(env.now());  // its answer
        }
        if (work.size_ns == finish) return 0;
        next.due_ns = work.due_ns;
        next.begun_ns = env.now().value;
        env.compute(Nanoseconds{work.size_ns});
        next.finished_ns = env.now().value;
    }
}

// ---- core 0

std::uint64_t number(Environment& env, std::string_view name) {
    return static_cast<std::uint64_t>(env.arguments().integer(name));
}

// Of both histograms.
std::span<std::byte> histogram_memory(Environment& env) {
    const auto memory = env.heap().array<std::byte>(2 * Histogram::bytes(precision));
    if (memory.empty()) env.panic("no memory for histograms");
    return memory;
}

class Dispatcher {
public:
    explicit Dispatcher(Environment& env)
        : env_{env},
          servers_{std::uint32_t{env.info().system().cores} - 1u},
          size_mean_{number(env, "size_ns")},
          sizes_{env.start().seed, purpose_sizes},
          arrivals_{libos::load::Random{env.start().seed, purpose_arrivals}, env.now(),
                    Nanoseconds{size_mean_.value * 100 / (number(env, "load") * servers_)}},
          next_due_{arrivals_.next()},
          queue_{env},
          arena_{histogram_memory(env)},
          response_{arena_, precision},
          wait_{arena_, precision},
          unmeasured_{number(env, "warmup")},
          wanted_{number(env, "jobs")} {}

    int run() {
        Office::Server office{env_, [&](EnvId, const Ask& asked) { return answer(asked); }};
        while (sent_home_ < servers_) {
            const bool at_once = idle_ != 0 && (done() || !queue_.empty());
            const bool answering = office.turn(at_once ? env_.now() : done() ? never : next_due_);
            admit();
            // An answer goes out with the next turn: nobody else is called before that.
            if (!answering) give_out();
        }
        office.turn(env_.now());  // the last answer
        report();
        return 0;
    }

private:
    static constexpr std::uint64_t purpose_arrivals = 1;
    static constexpr std::uint64_t purpose_sizes = 2;

    bool done() const { return wait_.count() == wanted_; }

    // Those that are due by now join the queue.
    void admit() {
        for (const Instant now = env_.now(); next_due_ <= now; next_due_ = arrivals_.next()) {
            const auto size = libos::load::draw_exponential(sizes_, size_mean_);
            queue_.push({next_due_.value, std::max<std::uint64_t>(size.value, 1)});
        }
    }

    Work answer(const Ask& asked) {
        admit();
        if (asked.due_ns != 0) record(asked);
        if (done()) {
            ++sent_home_;
            return {0, finish};
        }
        if (!queue_.empty()) return queue_.pop();
        idle_ |= std::uint64_t{1} << asked.core;
        return {0, 0};
    }

    void record(const Ask& asked) {
        if (unmeasured_ > 0) {
            --unmeasured_;
        } else if (!done()) {
            response_.record(asked.finished_ns - asked.due_ns);
            wait_.record(asked.begun_ns - asked.due_ns);
        }
    }

    // To those that were told that there is nothing, the lowest core first.
    void give_out() {
        while (idle_ != 0 && (done() || !queue_.empty())) {
            const auto core = static_cast<std::uint32_t>(std::countr_zero(idle_));
            idle_ &= idle_ - 1;
            if (done()) ++sent_home_;
            Worker::ask(env_, env_.peer(core), Serve{done() ? Work{0, finish} : queue_.pop()},
                        pause);
            admit();
        }
    }

    void report() {
        libos::rt::JsonLine line;
        line.add("servers", servers_)
            .add("load", number(env_, "load"))
            .add("seed", env_.start().seed)
            .add("jobs", wait_.count())
            .add("wait_ns_mean", wait_.mean())
            .add("wait_ns_p99", wait_.percentile(990'000))
            .add("response_ns_mean", response_.mean())
            .add("response_ns_p99", response_.percentile(990'000));
        env_.report(line);
    }

    Environment& env_;
    std::uint32_t servers_;
    Nanoseconds size_mean_;
    libos::load::Random sizes_;
    libos::load::Poisson arrivals_;
    Instant next_due_;
    scenarios::programs::Backlog<Work> queue_;
    kernel::base::Arena arena_;
    Histogram response_;  // ns
    Histogram wait_;      // ns
    std::uint64_t unmeasured_;
    std::uint64_t wanted_;
    std::uint64_t idle_ = 0;  // a bit a core that was told that there is nothing
    std::uint32_t sent_home_ = 0;
};

int run(Environment& env) {
    const auto& system = env.info().system();
    if (system.cores < 2) env.panic("needs machine.cores of at least 2: one hands out");
    return system.core == 0 ? Dispatcher{env}.run() : serve(env);
}

}  // namespace

CHITIN_PROGRAM(servers, "One queue before a server on each core: M/M/k.", parameters, run)
