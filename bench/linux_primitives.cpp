// Linux's own primitives, on the same host in the same run: what one would use instead.
#include <benchmark/benchmark.h>
#include <csignal>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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

// A byte to another process on the same core, and one back.
void pipe_ping_pong(benchmark::State& state) {
    int there[2], back[2];
    if (pipe(there) != 0 || pipe(back) != 0) return state.SkipWithError("no pipe");
    cpu_set_t before, one;
    sched_getaffinity(0, sizeof before, &before);
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    sched_setaffinity(0, sizeof one, &one);
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
    sched_setaffinity(0, sizeof before, &before);
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
