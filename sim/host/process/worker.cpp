#include "sim/host/process/worker.hpp"

#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <vector>

namespace sim::host::process {

namespace {

volatile std::sig_atomic_t interrupted = 0;
struct sigaction saved_int;
struct sigaction saved_term;

extern "C" void note_interrupt(int) { interrupted = 1; }

constexpr std::size_t stderr_bytes_max = 8192;

struct Child {
    std::uint32_t job = 0;
    pid_t pid = -1;
    int output = -1;
    int errors = -1;
    std::string output_text;
    std::string error_text;
    std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now();
    bool too_long = false;
};

void write_all(int file, const std::string& text) {
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t n = write(file, text.data() + done, text.size() - done);
        if (n < 0 && errno != EINTR) _exit(3);
        if (n > 0) done += static_cast<std::size_t>(n);
    }
}

[[noreturn]] void be_child(const std::function<std::string(std::uint32_t)>& work,
                           std::uint32_t job, int output, int errors) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::signal(SIGINT, SIG_IGN);
    std::signal(SIGTERM, SIG_DFL);
    dup2(errors, STDERR_FILENO);
    try {
        write_all(output, work(job));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        _exit(3);
    }
    std::fflush(stderr);
    _exit(0);
}

bool start(const std::function<std::string(std::uint32_t)>& work, std::uint32_t job,
           std::vector<Child>& children) {
    int output[2];
    int errors[2];
    if (pipe(output) != 0) return false;
    if (pipe(errors) != 0) {
        close(output[0]);
        close(output[1]);
        return false;
    }
    std::fflush(stdout);
    std::fflush(stderr);
    const pid_t pid = fork();
    if (pid == 0) be_child(work, job, output[1], errors[1]);
    close(output[1]);
    close(errors[1]);
    if (pid < 0) {
        close(output[0]);
        close(errors[0]);
        return false;
    }
    Child child;
    child.job = job;
    child.pid = pid;
    child.output = output[0];
    child.errors = errors[0];
    children.push_back(std::move(child));
    return true;
}

// Reads what is there; closes `file` at its end.
void drain(int& file, std::string& text, std::size_t keep_max) {
    char buffer[65536];
    const ssize_t n = read(file, buffer, sizeof buffer);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n <= 0) {
        close(file);
        file = -1;
        return;
    }
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() > keep_max) text.erase(0, text.size() - keep_max);
}

void poll_children(std::vector<Child>& children) {
    std::vector<pollfd> files;
    for (const Child& child : children) {
        files.push_back({child.output, POLLIN, 0});
        files.push_back({child.errors, POLLIN, 0});
    }
    constexpr int wait_ms = 200;
    if (poll(files.data(), files.size(), wait_ms) <= 0) return;
    for (std::size_t i = 0; i < children.size(); ++i) {
        if (files[2 * i].revents != 0) {
            drain(children[i].output, children[i].output_text, ~std::size_t{0});
        }
        if (files[2 * i + 1].revents != 0) {
            drain(children[i].errors, children[i].error_text, stderr_bytes_max);
        }
    }
}

JobEnd reap(Child& child) {
    int status = 0;
    while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {}
    JobEnd end{child.job, std::move(child.output_text), {}, child.too_long};
    if (child.too_long) {
        end.failure = "it took too long and was stopped";
    } else if (WIFSIGNALED(status)) {
        end.failure = std::string{"its process was ended by signal "} +
                      std::to_string(WTERMSIG(status)) + " (" + strsignal(WTERMSIG(status)) + ")";
    } else if (WEXITSTATUS(status) != 0) {
        end.failure = "its process ended with code " + std::to_string(WEXITSTATUS(status));
    }
    if (!end.failure.empty() && !child.error_text.empty()) {
        end.failure += "; it said:\n" + child.error_text;
    } else if (!child.error_text.empty()) {
        std::fwrite(child.error_text.data(), 1, child.error_text.size(), stderr);
    }
    return end;
}

void stop_late(std::vector<Child>& children, double seconds_max) {
    if (seconds_max == 0) return;
    const auto now = std::chrono::steady_clock::now();
    for (Child& child : children) {
        if (std::chrono::duration<double>(now - child.begun).count() < seconds_max) continue;
        child.too_long = true;
        kill(child.pid, SIGKILL);
    }
}

void kill_all(std::vector<Child>& children) {
    for (Child& child : children) {
        kill(child.pid, SIGKILL);
        while (waitpid(child.pid, nullptr, 0) < 0 && errno == EINTR) {}
        if (child.output >= 0) close(child.output);
        if (child.errors >= 0) close(child.errors);
    }
    children.clear();
}

}  // namespace

bool run_jobs(const JobOptions& options, const std::function<std::string(std::uint32_t)>& work,
              const std::function<void(const JobEnd&)>& done) {
    std::vector<Child> children;
    std::uint32_t next = 0;
    while (next < options.jobs || !children.empty()) {
        while (!interrupted && next < options.jobs && children.size() < options.parallel) {
            if (!start(work, next, children)) {
                if (!children.empty()) break;  // later, when one has ended
                done({next, {}, std::string{"no process: "} + std::strerror(errno)});
            }
            ++next;
        }
        if (interrupted || (options.enough != nullptr && *options.enough)) {
            kill_all(children);
            return false;
        }
        poll_children(children);
        stop_late(children, options.seconds_max);
        for (std::size_t i = 0; i < children.size();) {
            if (children[i].output >= 0 || children[i].errors >= 0) {
                ++i;
                continue;
            }
            const JobEnd end = reap(children[i]);
            children.erase(children.begin() + static_cast<std::ptrdiff_t>(i));
            done(end);
        }
    }
    return true;
}

Interrupt::Interrupt() {
    interrupted = 0;
    struct sigaction action {};
    action.sa_handler = note_interrupt;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, &saved_int);
    sigaction(SIGTERM, &action, &saved_term);
}

Interrupt::~Interrupt() {
    sigaction(SIGINT, &saved_int, nullptr);
    sigaction(SIGTERM, &saved_term, nullptr);
}

bool Interrupt::seen() { return interrupted != 0; }

void Interrupt::raise() { interrupted = 1; }

std::uint32_t processors() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    const int count = CPU_COUNT(&set);
    return count > 0 ? static_cast<std::uint32_t>(count) : 1;
}

bool terminal_on_stderr() { return isatty(STDERR_FILENO) == 1; }

}  // namespace sim::host::process
