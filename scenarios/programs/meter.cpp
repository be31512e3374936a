// meter: what the kernel's primitives cost, in ticks of the time-stamp counter.
//
// On the hosted machine a tick is a fraction of a nanosecond of the host; in QEMU with -icount
// it is one instruction, exactly. Each operation runs in batches; the median batch is reported.
// Its result lines differ from run to run, so it is no scenario to verify or to compare.
#include "libos/ipc/ring.hpp"
#include "libos/rt/program.hpp"
#include "libos/rt/spawn.hpp"
#include "libos/sched/round_robin.hpp"
#include "libos/thread/semaphore.hpp"

namespace {

using namespace libos::rt;
using kernel::abi::Upcall;

constexpr unsigned batches = 21;

constexpr Parameter parameters[] = {
    {"repetitions", ParameterKind::integer, "2000", "how often each operation runs", batches,
     10'000'000},
};

constexpr Slot slot_lent{4};  // of the other core's root environment
constexpr Rights read_write = Rights::read | Rights::write;
constexpr std::uint64_t echo_from_now = 2;  // word 1 of a call: the rings are lent

// Rings between two cores in half a page each; which is whose is the caller's to say.
struct Rings {
    libos::ipc::Sender<std::uint64_t> sender;
    libos::ipc::Receiver<std::uint64_t> receiver;

    static constexpr std::size_t slots = libos::ipc::ring_slots(1) / 2;
    static Rings open(VirtAddr page, bool first) {
        auto* const all = reinterpret_cast<libos::ipc::RingSlot*>(page.value);
        const std::span<libos::ipc::RingSlot> low{all, slots};
        const std::span<libos::ipc::RingSlot> high{all + slots, slots};
        return {libos::ipc::Sender<std::uint64_t>{first ? low : high},
                libos::ipc::Receiver<std::uint64_t>{first ? high : low}};
    }
};

class Meter {
public:
    explicit Meter(Environment& env)
        : env_{env}, repetitions_{static_cast<unsigned>(env.arguments().integer("repetitions"))} {
        env_.upcalls().add(&Meter::on_upcall, this);
        frame_ = env_.must(env_.space().allocate(), "a frame");
        page_ = env_.space().reserve(512);
        env_.must(env_.space().map(frame_, page_, read_write), "map");
        env_.must(calls::unmap(frame_, 0), "unmap");
    }

    int run() {
        report("nothing", repetitions_, [] {});
        if (env_.info().system().cores > 1) return measure_far();
        report("null_call", repetitions_, [] { static_cast<void>(calls::null()); });
        report("exception_upcall", repetitions_, [] { asm volatile("ud2"); });
        measure_memory();
        measure_capabilities();
        measure_environments();
        measure_control();
        measure_threads();
        return 0;
    }

private:
    static bool on_upcall(void* cookie, const UpcallData& data) {
        Meter& meter = *static_cast<Meter*>(cookie);
        if (data.kind == Upcall::exception) {
            auto& page = meter.env_.upcalls().page();
            page.saved.rip = page.saved.rip + 2;  // behind the ud2
            return true;
        }
        if (data.kind != Upcall::page_fault || data.address != meter.page_.value) return false;
        return calls::map(meter.frame_, meter.page_, read_write).status == Status::ok;
    }

    // Times `operation`, and runs `undo` untimed after each.
    template <class Operation, class Undo>
    std::uint64_t batch(unsigned count, Operation& operation, Undo& undo) {
        std::uint64_t ticks = 0;
        for (unsigned i = 0; i < count; ++i) {
            const std::uint64_t begin = __builtin_ia32_rdtsc();
            operation();
            ticks += __builtin_ia32_rdtsc() - begin;
            undo();
        }
        return ticks;
    }

    template <class Operation, class Undo>
    void report(std::string_view name, unsigned repetitions, Operation operation, Undo undo) {
        const unsigned count = repetitions / batches > 0 ? repetitions / batches : 1;
        std::uint64_t ticks[batches];
        batch(1, operation, undo);
        for (std::uint64_t& one : ticks) one = batch(count, operation, undo);
        for (unsigned i = 1; i < batches; ++i) {
            for (unsigned j = i; j > 0 && ticks[j] < ticks[j - 1]; --j) {
                std::swap(ticks[j], ticks[j - 1]);
            }
        }
        const std::uint64_t least = ticks[0] / count;
        const std::uint64_t median = ticks[batches / 2] / count;
        if (name == "nothing") nothing_ = median;
        JsonLine line;
        line.add("operation", name)
            .add("repetitions", std::uint64_t{count} * batches)
            .add("median_ticks", median - std::min(median, nothing_))
            .add("least_ticks", least - std::min(least, nothing_));
        env_.report(line);
    }
    template <class Operation>
    void report(std::string_view name, unsigned repetitions, Operation operation) {
        report(name, repetitions, operation, [] {});
    }

    void measure_memory() {
        auto touch = [this] { *reinterpret_cast<volatile std::uint64_t*>(page_.value) = 1; };
        auto map = [this] { static_cast<void>(calls::map(frame_, page_, read_write)); };
        auto unmap = [this] { static_cast<void>(calls::unmap(frame_, 0)); };
        report("map", repetitions_, map, unmap);
        map();
        report("unmap", repetitions_, unmap, map);
        unmap();
        report("map_touch_unmap", repetitions_, [&] {
            map();
            touch();
            unmap();
        });
        report("fault_to_resume", repetitions_, touch, unmap);
    }

    void measure_capabilities() {
        const Slot copy = env_.must(env_.space().take_slot(), "a slot");
        auto derive = [&] { static_cast<void>(calls::cap_derive(frame_, copy, Rights::read)); };
        auto revoke = [&] { static_cast<void>(calls::cap_revoke(frame_)); };
        report("derive", repetitions_, derive, revoke);
        derive();
        report("revoke_1", repetitions_, revoke, derive);
        revoke();
        constexpr unsigned children = 1000;
        Slot slots[children];
        for (Slot& slot : slots) slot = env_.must(env_.space().take_slot(), "a slot");
        auto derive_all = [&] {
            for (const Slot slot : slots) {
                static_cast<void>(calls::cap_derive(frame_, slot, Rights::read));
            }
        };
        derive_all();
        report("revoke_1000", batches * 2, revoke, derive_all);
        revoke();
    }

    void measure_environments() {
        const Slot env = env_.must(env_.space().take_slot(), "a slot");
        const Slot table = env_.must(env_.space().take_slot(), "a slot");
        const Slot root = env_.must(env_.space().take_slot(), "a slot");
        const Slot account = env_.must(env_.space().allocate(), "a frame");
        env_.must(calls::account_create(kernel::abi::slot_account, account, 16, 0), "account");
        report("env_create_destroy", repetitions_, [&] {
            static_cast<void>(calls::frame_allocate(kernel::abi::slot_account, env));
            static_cast<void>(calls::frame_allocate(kernel::abi::slot_account, table));
            static_cast<void>(calls::frame_allocate(kernel::abi::slot_account, root));
            static_cast<void>(calls::env_create(account, env, table, root));
            static_cast<void>(calls::env_destroy(env));
        });
    }

    void measure_control() {
        const auto peer = env_.must(
            libos::rt::spawn(env_, {.program = "meter", .limit_frames = 160, .argument = 1}),
            "starting a server");
        libos::rt::calls::Words words = {1, 2, 3, 4, 5};
        auto call = [&] { static_cast<void>(calls::transfer_call(peer.env, words)); };
        while (calls::transfer_call(peer.env, words).has_value() == false) {
            static_cast<void>(calls::yield());
        }
        report("transfer_round_trip", repetitions_, call);
        libos::rt::destroy(env_, peer);
        const auto other = env_.must(
            libos::rt::spawn(env_, {.program = "meter", .limit_frames = 160, .argument = 2}),
            "starting one that yields");
        report("yield_round_trip", repetitions_,
               [&] { static_cast<void>(calls::yield(other.env)); });
        libos::rt::destroy(env_, other);

        const VirtAddr page = env_.space().reserve(1);
        env_.must(env_.space().map_new(page, 1), "a page for a ring");
        const std::span slots{reinterpret_cast<libos::ipc::RingSlot*>(page.value),
                              libos::ipc::ring_slots(1)};
        libos::ipc::Sender<std::uint64_t> sender{slots};
        libos::ipc::Receiver<std::uint64_t> receiver{slots};
        std::uint64_t message = 0;
        report("ring_message", repetitions_, [&] {
            sender.send(message);
            receiver.receive(message);
        });
    }

    // With the root environment of core 1, which answers calls.
    int measure_far() {
        const Slot far = env_.peer(1);
        const Slot half = env_.must(env_.space().take_slot(), "a slot");
        const libos::rt::calls::Words words = {1, 2, 3, 4, 5};
        while (!calls::transfer_call(far, words).has_value()) env_.compute(Nanoseconds{1000});
        report("far_round_trip", repetitions_,
               [&] { static_cast<void>(calls::transfer_call(far, words)); });
        report("far_lend_revoke", repetitions_, [&] {
            env_.must(calls::cap_lend(far, frame_, slot_lent, read_write, half), "lending");
            env_.must(calls::cap_revoke(frame_), "revoking");
        });
        measure_far_rings(far, half);
        return 0;
    }

    // Messages there and back over rings, one or as many as fit in a turn of each.
    void measure_far_rings(Slot far, Slot half) {
        env_.must(calls::cap_lend(far, frame_, slot_lent, read_write, half), "lending");
        env_.must(env_.space().map(frame_, page_, read_write), "a page for rings");
        env_.must(calls::transfer_call(far, {echo_from_now}), "asking for echoes");
        Rings rings = Rings::open(page_, true);
        const auto go_round = [&](std::uint64_t messages) {
            for (std::uint64_t i = 0; i < messages; ++i) rings.sender.send(i);
            env_.must(calls::wake(far), "waking");
            env_.must(calls::park(kernel::abi::never), "sleeping");
            std::uint64_t message = 0;
            for (std::uint64_t i = 0; i < messages; ++i) {
                if (!rings.receiver.receive(message) || message != i) env_.panic("no echo ", i);
            }
        };
        report("far_ring_round_trip", repetitions_, [&] { go_round(1); });
        report("far_ring_filled", repetitions_, [&] { go_round(Rings::slots); });
    }

    using Threads = libos::thread::Threads<libos::sched::RoundRobin>;
    using Semaphore = libos::thread::Semaphore<Threads>;
    struct Pair {
        Threads& threads;
        Semaphore there{threads, 0, "there"};
        Semaphore back{threads, 0, "back"};
        bool done = false;
    };

    // Another thread, and the calling one, which switches to it and back by `operation`.
    template <class Operation>
    void report_pair(std::string_view name, libos::thread::Entry other, Operation operation) {
        Threads threads{env_, {.threads = 2}};
        Pair pair{threads};
        const auto id = env_.must(
            threads.create({.name = "other", .entry = other, .argument = &pair}), "a thread");
        report(name, repetitions_, [&] { operation(pair); });
        pair.done = true;
        pair.there.release();
        threads.join(id);
    }

    // Two switches, and two looks at the clock; then each wakes the other and waits.
    void measure_threads() {
        report_pair("thread_round_trip", [](void* argument) {
            Pair& pair = *static_cast<Pair*>(argument);
            while (!pair.done) pair.threads.yield();
        }, [](Pair& pair) { pair.threads.yield(); });
        report_pair("semaphore_round_trip", [](void* argument) {
            Pair& pair = *static_cast<Pair*>(argument);
            for (pair.there.acquire(); !pair.done; pair.there.acquire()) pair.back.release();
        }, [](Pair& pair) {
            pair.there.release();
            pair.back.acquire();
        });
    }

    Environment& env_;
    unsigned repetitions_;
    Slot frame_{};
    VirtAddr page_{};
    std::uint64_t nothing_ = 0;
};

// Sends back whatever comes, whenever it is woken: the other side of rings between cores.
[[noreturn]] void echo(Environment& env) {
    const VirtAddr page = env.space().reserve(1);
    env.must(env.space().map(slot_lent, page, read_write), "a page for rings");
    Rings rings = Rings::open(page, false);
    static_cast<void>(calls::transfer_wait(Instant{0}, {}));  // the answer to echo_from_now
    for (;;) {
        static_cast<void>(calls::park(kernel::abi::never));
        for (std::uint64_t message = 0; rings.receiver.receive(message);) {
            rings.sender.send(message);
        }
        env.must(calls::wake(env.peer(0)), "waking");
    }
}

// Answers every call at once: the other side of a transfer.
int serve() {
    const libos::rt::calls::Words answer = {};
    for (;;) static_cast<void>(calls::transfer_wait(kernel::abi::never, answer));
}
int serve_far(Environment& env) {
    const libos::rt::calls::Words answer = {};
    for (;;) {
        const auto caller = calls::transfer_wait(kernel::abi::never, answer);
        const bool called = caller.has_value() && caller->value != 0;
        if (called && env.upcalls().page().message[0] == echo_from_now) echo(env);
    }
}

// Gives way at once: the other side of a yield.
int give_way() {
    for (;;) static_cast<void>(calls::yield());
}

int run(Environment& env) {
    if (env.start().argument == 1) return serve();
    if (env.info().system().core != 0) return serve_far(env);
    return env.start().argument == 2 ? give_way() : Meter{env}.run();
}

}  // namespace

CHITIN_PROGRAM(meter, "Times the kernel's primitives in time-stamp counter ticks.", parameters, run)
