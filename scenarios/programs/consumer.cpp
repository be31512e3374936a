// consumer: an environment that uses CPU time, and how it behaves when its slice ends.
//
//  - `steady` computes and leaves its pre-emption to the kernel;
//  - `polite` is told of its slice's end and gives way at once;
//  - `greedy` is told, and goes on through all of its grace;
//  - `critical` never leaves its critical section;
//  - `dozing` is told, and falls asleep in the grace, until its next turn is over;
//  - `sleepy` parks as long as it works.
// It counts what it was told. Sources: kernel/abi/cycle.hpp, kernel/abi/upcall.hpp.
#include "libos/rt/program.hpp"

namespace {

using kernel::abi::Instant;
using kernel::abi::Nanoseconds;
using kernel::abi::Upcall;
using libos::rt::Environment;
using libos::rt::ParameterKind;

constexpr libos::rt::Parameter parameters[] = {
    {"manner", ParameterKind::choice, "steady", "what it does when its slice ends", 0, 0,
     "steady polite greedy critical dozing sleepy"},
    {"share", ParameterKind::integer, "1", "positions of the cycle that are its own", 0, 32},
    {"work_us", ParameterKind::integer, "50", "virtual us of work in one piece", 1, 1'000'000},
    {"run_ms", ParameterKind::integer, "100", "virtual ms of machine time until it is done", 1,
     1'000'000},
};

constexpr std::uint32_t bit(Upcall kind) { return 1u << static_cast<unsigned>(kind); }

class Consumer {
public:
    explicit Consumer(Environment& env)
        : env_{env}, manner_{env.arguments().text("manner")} {
        env_.upcalls().add(on_upcall, this);
        auto& page = env_.upcalls().page();
        if (manner_ == "polite" || manner_ == "greedy" || manner_ == "dozing") {
            page.wants = bit(Upcall::slice_begin) | bit(Upcall::slice_end);
        }
        if (manner_ == "critical") page.critical = 1;
    }
    ~Consumer() { env_.upcalls().remove(this); }

    void work(Instant end, Nanoseconds piece) {
        for (Instant now = env_.now(); now < end; now = env_.now()) {
            env_.compute(piece);
            ++pieces_;
            if (manner_ == "sleepy") {
                env_.upcalls().wait(Instant{env_.now().value + piece.value},
                                    [] { return false; });
            }
        }
    }

    void report() {
        libos::rt::JsonLine line;
        line.add("manner", manner_)
            .add("pieces", pieces_)
            .add("begins", begins_)
            .add("ends", ends_)
            .add("time_ns", env_.own_info().time_ns);
        env_.report(line);
    }

private:
    static bool on_upcall(void* self, const libos::rt::UpcallData& data) {
        auto& consumer = *static_cast<Consumer*>(self);
        if (data.kind == Upcall::slice_begin) {
            ++consumer.begins_;
            return true;
        }
        if (data.kind != Upcall::slice_end) return false;
        ++consumer.ends_;
        if (consumer.manner_ == "polite") {
            static_cast<void>(libos::rt::calls::yield());
        } else if (consumer.manner_ == "dozing") {
            const auto& cycle = consumer.env_.info().cycle();
            static_cast<void>(libos::rt::calls::park(
                Instant{data.error + (cycle.positions + 1) * cycle.slice_ns}));
        } else {
            const Instant now = libos::rt::calls::now();
            const Instant grace_end{data.error};
            if (now < grace_end) {
                consumer.env_.compute(Nanoseconds{grace_end.value - now.value});
            }
        }
        return true;
    }

    Environment& env_;
    std::string_view manner_;
    std::uint64_t pieces_ = 0;
    std::uint64_t begins_ = 0;
    std::uint64_t ends_ = 0;
};

int run(Environment& env) {
    const auto number = [&env](std::string_view name) {
        return static_cast<std::uint64_t>(env.arguments().integer(name));
    };
    Consumer consumer{env};
    consumer.work(Instant{number("run_ms") * 1'000'000}, Nanoseconds{number("work_us") * 1000});
    consumer.report();
    return 0;
}

}  // namespace

CHITIN_PROGRAM(consumer, "Uses CPU time: politely, greedily, or in its sleep.", parameters, run)
