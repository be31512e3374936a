// Linux's own primitives, on the same host in the same run: what one would use instead.
#include <benchmark/benchmark.h>
#include <atomic>
#include <csignal>
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <ucontext.h>
#include <unistd.h>

namespace {

constexpr std::size_t page = 4096;
void* faulting_page = nullptr;

void getpid_call(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(syscall(SYS_getpid));
}

void* map_page(int protection) {
    return mmap(nullptr, page, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

void mmap_munmap(benchmark::State& state) {
    for (auto _ : state) munmap(map_page(PROT_READ | PROT_WRITE), page);
}

void skip_ud2(int, siginfo_t*, void* context) {
    static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP] += 2;
}

void unprotect(int, siginfo_t*, void*) {
    mprotect(faulting_page, page, PROT_READ | PROT_WRITE);
}

void handle(int signal, void (*handler)(int, siginfo_t*, void*)) {
    struct sigaction action {};
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO;
    sigaction(signal, &action, nullptr);
}

void sigill_round_trip(benchmark::State& state) {
    handle(SIGILL, skip_ud2);
    for (auto _ : state) asm volatile("ud2");
    signal(SIGILL, SIG_DFL);
}

// SIGSEGV, and the mapping made accessible in its handler: a pager on Linux.
void sigsegv_mprotect(benchmark::State& state) {
    faulting_page = map_page(PROT_NONE);
    handle(SIGSEGV, unprotect);
    for (auto _ : state) {
        *static_cast<volatile char*>(faulting_page) = 1;
        mprotect(faulting_page, page, PROT_NONE);
    }
    signal(SIGSEGV, SIG_DFL);
    munmap(faulting_page, page);
}

void fork_exit(benchmark::State& state) {
    for (auto _ : state) {
        const pid_t child = fork();
        if (child == 0) _exit(0);
        waitpid(child, nullptr, 0);
    }
}

// While it lives its thread, and those it starts, stay on the core they are on.
class OneCore {
public:
    OneCore() {
        sched_getaffinity(0, sizeof before_, &before_);
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(sched_getcpu(), &one);
        sched_setaffinity(0, sizeof one, &one);
    }
    ~OneCore() { sched_setaffinity(0, sizeof before_, &before_); }
    OneCore(const OneCore&) = delete;
    OneCore& operator=(const OneCore&) = delete;

private:
    cpu_set_t before_;
};

// A byte to another process on the same core, and one back.
void pipe_ping_pong(benchmark::State& state) {
    int there[2], back[2];
    if (pipe(there) != 0 || pipe(back) != 0) return state.SkipWithError("no pipe");
    const OneCore one_core;
    const pid_t child = fork();
    char byte = 0;
    if (child == 0) {
        close(there[1]);
        while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1) {
        }
        _exit(0);
    }
    for (auto _ : state) {
        if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1) break;
    }
    for (const int end : {there[0], there[1], back[0], back[1]}) close(end);
    waitpid(child, nullptr, 0);
}

// Whose turn it is, of two threads.
class Turn {
public:
    void give(unsigned to) {
        turn_.store(to);
        syscall(SYS_futex, &turn_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
    }
    // What the turn is when it is `whose`, or `end`.
    unsigned await(unsigned whose, unsigned end) {
        for (;;) {
            const unsigned now = turn_.load();
            if (now == whose || now == end) return now;
            syscall(SYS_futex, &turn_, FUTEX_WAIT_PRIVATE, now, nullptr, nullptr, 0);
        }
    }

private:
    std::atomic<unsigned> turn_{0};
};

// Two threads of a process on one core wake each other in turn.
void futex_ping_pong(benchmark::State& state) {
    constexpr unsigned mine = 0, others = 1, end = 2;
    const OneCore one_core;
    Turn turn;
    std::thread other{[&turn] {
        while (turn.await(others, end) != end) turn.give(mine);
    }};
    for (auto _ : state) {
        turn.give(others);
        turn.await(mine, end);
    }
    turn.give(end);
    other.join();
}

// Two threads of a process on one core do nothing but yield. Who is next is Linux's choice: `turns`
// says how often the other one yielded for each time this one did.
void sched_yield_pair(benchmark::State& state) {
    const OneCore one_core;
    std::atomic<bool> end{false};
    std::uint64_t others = 0;
    std::thread other{[&] {
        while (!end.load(std::memory_order_relaxed)) {
            sched_yield();
            ++others;
        }
    }};
    for (auto _ : state) sched_yield();
    end.store(true);
    other.join();
    state.counters["turns"] =
        static_cast<double>(others) / static_cast<double>(state.iterations());
}

}  // namespace

// The summary takes the median of the repetitions: a busy host spoils some of them.
#define LINUX_PRIMITIVE(function, name) \
    BENCHMARK(function)->Name("linux/" name)->Repetitions(7)->MinTime(0.05)->ReportAggregatesOnly()

LINUX_PRIMITIVE(getpid_call, "getpid");
LINUX_PRIMITIVE(mmap_munmap, "mmap_munmap");
LINUX_PRIMITIVE(sigill_round_trip, "sigill_round_trip");
LINUX_PRIMITIVE(sigsegv_mprotect, "sigsegv_mprotect");
LINUX_PRIMITIVE(fork_exit, "fork_exit");
LINUX_PRIMITIVE(pipe_ping_pong, "pipe_ping_pong");
LINUX_PRIMITIVE(futex_ping_pong, "futex_ping_pong");
LINUX_PRIMITIVE(sched_yield_pair, "sched_yield_pair");
