// Threads that wait for upcalls: a thread listens to a signal that the upcall of each child's end
// raises, while another one yields. Whoever was told hears of it within some turns.
#pragma once

#include "libos/sched/round_robin.hpp"
#include "libos/thread/signal.hpp"
#include "scenarios/programs/churn/far_side.hpp"

namespace scenarios::churn {

class Signals {
public:
    explicit Signals(Environment& env)
        : env_{env}, threads_{env, {.threads = 2}}, signal_{threads_, "a child's end"} {
        env.upcalls().add(
            [](void* self, const libos::rt::UpcallData& data) {
                if (data.kind != Upcall::child_ended) return false;
                of(self).told_ = true;
                of(self).signal_.raise();
                return true;
            },
            this);
    }
    ~Signals() { env_.upcalls().remove(this); }
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    void run() {
        const auto listener = env_.must(
            threads_.create({.name = "listener",
                             .entry = [](void* self) { of(self).listen(); },
                             .argument = this}),
            "a thread");
        for (std::uint32_t round = 1; round <= rounds; ++round) {
            heard_due_ = round;
            if (!one_end()) return env_.exit(libos::rt::exit_panic);
        }
        threads_.join(listener);
    }

private:
    static constexpr std::uint32_t rounds = 4;
    static constexpr std::uint32_t turns_max = 32;
    static constexpr std::uint32_t turns_each = 6;  // between two chances for the child

    static Signals& of(void* self) { return *static_cast<Signals*>(self); }

    void listen() {
        while (heard_ < rounds) {
            signal_.wait();
            heard_ = heard_due_;
        }
    }

    // False: the listener did not hear of it.
    bool one_end() {
        told_ = false;
        const Child child = start(env_, leaver, 0);
        while (!told_) {
            for (std::uint32_t turn = 0; turn < turns_each; ++turn) threads_.yield();
            static_cast<void>(calls::yield());
        }
        for (std::uint32_t turn = 0; heard_ != heard_due_ && turn < turns_max; ++turn) {
            threads_.yield();
        }
        if (heard_ != heard_due_) violation(env_, "a thread slept through its signal");
        libos::rt::destroy(env_, child);
        return heard_ == heard_due_;
    }

    Environment& env_;
    libos::thread::Threads<libos::sched::RoundRobin> threads_;
    libos::thread::Signal<libos::thread::Threads<libos::sched::RoundRobin>> signal_;
    volatile bool told_ = false;
    volatile std::uint32_t heard_ = 0;
    volatile std::uint32_t heard_due_ = 0;
};

}  // namespace scenarios::churn
