// Where a server's requests come from: when they are due, and how long they are, as the program's
// arguments say.
//
// Arrivals and sizes draw from streams of their own: two servers with one seed see the same jobs.
#pragma once

#include <optional>

#include "libos/load/arrivals.hpp"
#include "libos/load/request_image.hpp"
#include "libos/load/service.hpp"
#include "libos/rt/environment.hpp"
#include "libos/thread/timer.hpp"

namespace scenarios::programs {

using kernel::abi::Instant;
using kernel::abi::Nanoseconds;

class RequestSource {
public:
    static constexpr std::uint32_t timers_max = 4096;

    explicit RequestSource(libos::rt::Environment& env)
        : env_{env},
          recorded_{recorded_of(env)},
          service_{service_of(env, recorded_)},
          sizes_{env.start().seed, purpose_sizes},
          gap_mean_{service_.mean().value * 100 / number(env, "load")} {}

    // Calls accept(argument, client, due) whenever a request is due.
    using Accept = void (*)(void* argument, std::uint32_t client, Instant due);

    template <class Threads>
    void start(Threads& threads, Accept accept, void* argument) {
        accept_ = accept;
        argument_ = argument;
        const libos::load::Random random{env_.start().seed, purpose_arrivals};
        const Instant now = env_.now();
        const std::string_view kind = env_.arguments().text("arrivals");
        if (kind == "closed") return start_clients(threads, random, now);
        const Nanoseconds burst{number(env_, "burst_ns")};
        if (kind == "trace") {
            trace_.emplace(recorded_->due(), now);
        } else if (kind == "bursty") {
            bursty_.emplace(random, now,
                            libos::load::Phase{burst, Nanoseconds{gap_mean_.value / 2}},
                            libos::load::Phase{burst, Nanoseconds{0}});
        } else {
            poisson_.emplace(random, now, gap_mean_);
        }
        clients_ = env_.heap().array<Client>(1);
        begin(threads, clients_[0], 0);
        threads.set(clients_[0].timer, next_open());
    }

    // Of a closed loop: `client` thinks now.
    template <class Threads>
    void answered(Threads& threads, std::uint32_t client, Instant now) {
        if (closed_ && !stopped_) threads.set(clients_[client].timer, closed_->next(now));
    }

    template <class Threads>
    void stop(Threads& threads) {
        stopped_ = true;
        for (Client& client : clients_) threads.cancel(client.timer);
    }

    Nanoseconds draw_size() { return service_.draw(sizes_); }
    // For schedulers that order by deadline: ten mean sizes after a request is due.
    Nanoseconds deadline() const { return Nanoseconds{10 * service_.mean().value}; }

private:
    static constexpr std::uint64_t purpose_arrivals = 1;
    static constexpr std::uint64_t purpose_sizes = 2;

    struct Client {
        RequestSource* source = nullptr;
        void (*again)(Client&) = nullptr;
        void* threads = nullptr;
        std::uint32_t number = 0;
        libos::thread::Timer timer;
    };

    static std::uint64_t number(libos::rt::Environment& env, std::string_view name) {
        return static_cast<std::uint64_t>(env.arguments().integer(name));
    }

    // What argument `requests` names; nothing where arrivals and service need none.
    static std::optional<libos::load::RequestImage> recorded_of(libos::rt::Environment& env) {
        const bool arrivals = env.arguments().text("arrivals") == "trace";
        if (!arrivals && env.arguments().text("service") != "trace") return std::nullopt;
        if (env.arguments().text("requests") == "none") {
            env.panic("arrivals or service is \"trace\", but no argument \"requests\" names one");
        }
        auto recorded = libos::load::RequestImage::read(env.module("requests"));
        if (!recorded) env.panic("the trace of requests is malformed");
        const std::uint64_t wanted = number(env, "warmup") + number(env, "jobs");
        if (arrivals && recorded->count() < wanted) {
            env.panic("the trace has ", recorded->count(), " requests; warmup and jobs want ",
                      wanted);
        }
        return recorded;
    }

    static libos::load::Service service_of(
        libos::rt::Environment& env, const std::optional<libos::load::RequestImage>& recorded) {
        using libos::load::Service;
        const Nanoseconds size{number(env, "size_ns")};
        const Nanoseconds large{number(env, "large_ns")};
        const std::string_view kind = env.arguments().text("service");
        if (kind == "trace") return Service::trace(recorded->sizes());
        if (kind == "fixed") return Service::fixed(size);
        if (kind == "exponential") return Service::exponential(size);
        if (large <= size) env.panic("large_ns must be above size_ns");
        if (kind == "bimodal") return Service::bimodal(size, large, number(env, "large_ppm"));
        return Service::pareto(size, large,
                               static_cast<std::uint32_t>(number(env, "alpha_milli")));
    }

    Instant next_open() {
        if (trace_) return trace_->next();
        return bursty_ ? bursty_->next() : poisson_->next();
    }

    template <class Threads>
    void begin(Threads& threads, Client& client, std::uint32_t number) {
        client.source = this;
        client.threads = &threads;
        client.number = number;
        client.again = [](Client& of) {
            const Instant next = of.source->next_open();
            if (next != kernel::abi::never) static_cast<Threads*>(of.threads)->set(of.timer, next);
        };
        client.timer.argument = &client;
        client.timer.fire = on_timer;
    }

    // Thinking times such that the load is as asked for where nobody waits.
    template <class Threads>
    void start_clients(Threads& threads, libos::load::Random random, Instant now) {
        const std::uint64_t count = number(env_, "clients");
        const std::uint64_t cycle = gap_mean_.value * count;
        const std::uint64_t mean = service_.mean().value;
        closed_.emplace(random, Nanoseconds{cycle > mean ? cycle - mean : 1});
        clients_ = env_.heap().array<Client>(count);
        if (clients_.empty()) env_.panic("no memory for ", count, " clients");
        for (std::uint32_t i = 0; i < count; ++i) {
            begin(threads, clients_[i], i);
            threads.set(clients_[i].timer, closed_->next(now));
        }
    }

    static void on_timer(void* argument, Instant due) {
        Client& client = *static_cast<Client*>(argument);
        RequestSource& source = *client.source;
        source.accept_(source.argument_, client.number, due);
        if (!source.closed_ && !source.stopped_) client.again(client);
    }

    libos::rt::Environment& env_;
    std::optional<libos::load::RequestImage> recorded_;
    libos::load::Service service_;
    libos::load::Random sizes_;
    Nanoseconds gap_mean_;
    std::optional<libos::load::Poisson> poisson_;
    std::optional<libos::load::Bursty> bursty_;
    std::optional<libos::load::TraceArrivals> trace_;
    std::optional<libos::load::ClosedLoop> closed_;
    std::span<Client> clients_;
    Accept accept_ = nullptr;
    void* argument_ = nullptr;
    bool stopped_ = false;
};

}  // namespace scenarios::programs
