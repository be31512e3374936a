// tail: which scheduler keeps the tail of a server's response times short?
//
// Requests come from a load generator; each is a job of one thread of a pool, which works for as
// long as the request's size says. A response is measured from the instant its request was due,
// whenever the server came to it. Slowdown: response / size.
#include "libos/load/histogram.hpp"
#include "libos/rt/program.hpp"
#include "libos/sched/list.hpp"
#include "libos/thread/semaphore.hpp"
#include "scenarios/programs/backlog.hpp"
#include "scenarios/programs/request_source.hpp"
#include "scenarios/programs/scheduler_choices.hpp"

namespace {

using kernel::abi::Instant;
using kernel::abi::Nanoseconds;
using libos::load::Histogram;
using libos::rt::Environment;
using libos::rt::ParameterKind;
using libos::sched::Job;
using libos::sched::TaskId;
using scenarios::programs::RequestSource;

constexpr std::int64_t hour_ns = 3'600'000'000'000;

constexpr libos::rt::Parameter parameters[] = {
    {"scheduler", ParameterKind::choice, "fifo", "of the server's threads", 0, 0,
     scenarios::programs::scheduler_choices},
    {"load", ParameterKind::integer, "80", "work that arrives, % of the core", 1, 200},
    {"quantum_ns", ParameterKind::integer, "100000", "of the schedulers that have one", 1, hour_ns},
    {"switch_ns", ParameterKind::integer, "0", "charged where another thread runs", 0, 1'000'000},
    {"arrivals", ParameterKind::choice, "poisson", "how requests come", 0, 0,
     "poisson bursty closed trace"},
    {"burst_ns", ParameterKind::integer, "1000000",
     "bursty: mean length of a burst, at twice the rate, and of the silence after it", 1, hour_ns},
    {"clients", ParameterKind::integer, "32", "closed: how many", 1, 4096},
    {"service", ParameterKind::choice, "bimodal", "how long requests are", 0, 0,
     "fixed exponential bimodal pareto trace"},
    {"size_ns", ParameterKind::integer, "10000",
     "the size, the mean, the small one or the least, by the service", 1, hour_ns / 8},
    {"large_ns", ParameterKind::integer, "1000000", "bimodal: the large one; pareto: the most", 1,
     hour_ns / 8},
    {"large_ppm", ParameterKind::integer, "10000", "bimodal: large ones in a million", 0,
     1'000'000},
    {"requests", ParameterKind::requests, "none",
     "what arrivals or service \"trace\" replay (then `load` does not set the rate)"},
    {"alpha_milli", ParameterKind::integer, "1500", "pareto: its exponent, in thousandths", 1,
     10'000},
    {"warmup", ParameterKind::integer, "1000", "requests before those that are measured", 0,
     100'000'000},
    {"jobs", ParameterKind::integer, "10000", "requests that are measured", 1, 100'000'000},
    {"threads", ParameterKind::integer, "1024", "of the pool, at most; more requests queue up", 1,
     4096},
};

constexpr unsigned precision = 9;  // percentiles within 0.2%

struct Request {
    std::uint64_t number;
    Instant due;
    Nanoseconds size;
    std::uint32_t client;
};

std::span<std::byte> histogram_memory(Environment& env) {
    const auto memory = env.heap().array<std::byte>(3 * Histogram::bytes(precision));
    if (memory.empty()) env.panic("no memory for histograms");
    return memory;
}

struct Measure {
    explicit Measure(std::span<std::byte> memory)
        : arena{memory}, response{arena, precision}, wait{arena, precision},
          slowdown{arena, precision} {}

    void record(Nanoseconds size, Nanoseconds took) {
        response.record(took.value);
        wait.record(took.value - size.value);
        slowdown.record(took.value * 1000 / size.value);
    }

    kernel::base::Arena arena;
    Histogram response;  // ns
    Histogram wait;      // ns: response - size
    Histogram slowdown;  // thousandths
};

template <class S>
class Server {
public:
    explicit Server(Environment& env)
        : env_{env},
          source_{env},
          threads_{env, options_of(env)},
          done_{threads_, 0, "done"},
          measure_{histogram_memory(env)},
          backlog_{env},
          workers_{env.heap().array<Worker>(number("threads") + 1)},
          idle_{env.heap().array<TaskId>(number("threads"))},
          first_{number("warmup")},
          last_{first_ + number("jobs")} {
        if (workers_.empty() || idle_.empty()) env.panic("no memory for the pool");
    }

    int run() {
        source_.start(threads_, on_due, this);
        done_.acquire();
        report();
        return 0;
    }

private:
    struct Worker {
        Server* server;
        Request request;
    };

    static libos::thread::Options options_of(Environment& env) {
        const auto number = [&env](std::string_view name) {
            return static_cast<std::uint64_t>(env.arguments().integer(name));
        };
        return {.threads = static_cast<std::uint32_t>(number("threads") + 1),
                .timers = RequestSource::timers_max,
                .stack_pages = 2,
                .quantum = Nanoseconds{number("quantum_ns")},
                .switch_cost = Nanoseconds{number("switch_ns")}};
    }
    std::uint64_t number(std::string_view name) const {
        return static_cast<std::uint64_t>(env_.arguments().integer(name));
    }

    // A request is due. Runs in a timer: it must not wait.
    static void on_due(void* self, std::uint32_t client, Instant due) {
        static_cast<Server*>(self)->accept(client, due);
    }

    void accept(std::uint32_t client, Instant due) {
        if (arrived_ == first_) begin_measuring(due);
        const Request request{arrived_++, due, source_.draw_size(), client};
        if (idle_count_ > 0) {
            const TaskId id = idle_[--idle_count_];
            workers_[libos::sched::position(id)].request = request;
            threads_.begin_job(id, job_of(request));
        } else if (!backlog_.empty() || !hire(request)) {
            backlog_.push(request);
        }
    }

    // One more thread, for `request`. False: there are as many as there may be.
    bool hire(const Request& request) {
        if (hired_ + 1 == workers_.size()) return false;
        // Numbers are given out in order, and workers never end.
        Worker& worker = workers_[hired_ + 1];
        worker = {this, request};
        const auto id = threads_.create({.name = "worker", .entry = serve, .argument = &worker,
                                         .demand = {.deadline = source_.deadline()},
                                         .job = job_of(request), .detached = true});
        if (!id.has_value()) return false;
        CHITIN_ASSERT(libos::sched::position(*id) == ++hired_);
        return true;
    }

    // With room for what each job's own calls cost: one constant for all changes no order, and no
    // job outruns its hint.
    static Job job_of(const Request& request) {
        constexpr std::uint64_t room_ns = 2000;
        return {Nanoseconds{request.size.value + room_ns}, request.due};
    }

    static void serve(void* argument) {
        Worker& worker = *static_cast<Worker*>(argument);
        Server& server = *worker.server;
        for (;;) {
            server.threads_.work(worker.request.size);
            server.finish(worker.request);
            server.next(worker);
        }
    }

    void finish(const Request& request) {
        const Instant now = threads_.last_now();
        source_.answered(threads_, request.client, now);
        if (request.number < first_ || request.number >= last_) return;
        measure_.record(request.size, Nanoseconds{now.value - request.due.value});
        if (measure_.response.count() == last_ - first_) end_measuring(now);
    }

    void next(Worker& worker) {
        if (!backlog_.empty()) {
            worker.request = backlog_.pop();
            threads_.next_job(job_of(worker.request));
            return;
        }
        idle_[idle_count_++] = threads_.current();
        threads_.end_job();
    }

    void begin_measuring(Instant now) {
        begun_ = now;
        idle_before_ = threads_.idle_time();
        switches_before_ = threads_.switches();
    }

    // What is under way is finished, but no more comes.
    void end_measuring(Instant now) {
        elapsed_ns_ = now.value - begun_.value;
        idle_ns_ = threads_.idle_time().value - idle_before_.value;
        switches_ = threads_.switches() - switches_before_;
        source_.stop(threads_);
        done_.release();
    }

    void report() {
        const std::uint64_t busy_ns = elapsed_ns_ - std::min(elapsed_ns_, idle_ns_);
        libos::rt::JsonLine line;
        line.add("scheduler", S::name).add("load", number("load"));
        line.add("quantum_ns", number("quantum_ns"))
            .add("switch_ns", number("switch_ns"))
            .add("seed", env_.start().seed)
            .add("jobs", measure_.response.count());
        add(line, "slowdown_milli", measure_.slowdown);
        add(line, "response_ns", measure_.response);
        add(line, "wait_ns", measure_.wait);
        line.add("utilisation_permille", busy_ns / (elapsed_ns_ / 1000 + 1))
            .add("switches", switches_)
            .add("threads", hired_)
            .add("backlog_max", backlog_.most());
        env_.report(line);
    }

    static void add(libos::rt::JsonLine& line, std::string_view what, const Histogram& of) {
        const auto field = [&](std::string_view figure, std::uint64_t value) {
            libos::rt::Text key;
            line.add(key.add(what).add("_").add(figure).view(), value);
        };
        field("mean", of.mean());
        field("p50", of.percentile(500'000));
        field("p99", of.percentile(990'000));
        field("p999", of.percentile(999'000));
        field("max", of.max());
    }

    Environment& env_;
    RequestSource source_;
    libos::thread::Threads<S> threads_;
    libos::thread::Semaphore<libos::thread::Threads<S>> done_;
    Measure measure_;
    scenarios::programs::Backlog<Request> backlog_;
    std::span<Worker> workers_;  // by thread
    std::span<TaskId> idle_;     // a stack: the one that was busy last is first
    std::uint64_t first_;
    std::uint64_t last_;
    std::uint32_t idle_count_ = 0;
    std::uint32_t hired_ = 0;
    std::uint64_t arrived_ = 0;
    Instant begun_{0};
    Nanoseconds idle_before_{0};
    std::uint64_t switches_before_ = 0;
    std::uint64_t elapsed_ns_ = 0;
    std::uint64_t idle_ns_ = 0;
    std::uint64_t switches_ = 0;
};

int run(Environment& env) {
    int code = libos::rt::exit_bad_arguments;
    libos::sched::with_scheduler(env.arguments().text("scheduler"), [&](auto scheduler) {
        using S = typename decltype(scheduler)::type;
        Server<S> server{env};
        code = server.run();
        env.exit(static_cast<std::uint32_t>(code));  // with threads between jobs
    });
    return code;
}

}  // namespace

CHITIN_PROGRAM(tail, "Serves requests with a pool of threads, and measures their response times.",
               parameters, run)
