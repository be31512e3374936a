#pragma once

/// Workers: jobs run in processes of their own, a few at a time, with their output collected.
///
/// Why processes: a simulated machine that crashes, or is killed by a sanitizer, costs its own job
/// and no other. Why fork: the child shares the parent's bundle without copying it.
///
/// Invariants: every child is reaped before run_jobs() returns; a child dies with its parent; the
/// terminal's Ctrl-C reaches the parent only, which decides.

#include <cstdint>
#include <functional>
#include <string>

namespace sim::host::process {

/// What became of one job.
struct JobEnd {
    std::uint32_t job = 0;
    std::string output;   ///< what the job returned, if it did
    std::string failure;  ///< empty: it returned; else how it died, with the end of its stderr
    bool too_long = false;  ///< it was killed after JobOptions::seconds_max
};

struct JobOptions {
    std::uint32_t jobs = 0;      ///< how many there are, numbered from 0
    std::uint32_t parallel = 1;  ///< how many run at once
    double seconds_max = 0;      ///< of host time for one job; 0: any
    const bool* enough = nullptr;  ///< becomes true: those still running are killed
};

/// Runs `work(job)` for every job in a child process and `done` in this one as each ends. False:
/// interrupted (see Interrupt) or enough; children still running were killed and are not reported.
bool run_jobs(const JobOptions& options, const std::function<std::string(std::uint32_t)>& work,
              const std::function<void(const JobEnd&)>& done);

/// While one exists, SIGINT and SIGTERM are noted instead of ending the process.
class Interrupt {
public:
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    [[nodiscard]] static bool seen();

    /// As if Ctrl-C had been pressed: for tests.
    static void raise();
};

/// The number of processors that this process may use.
[[nodiscard]] std::uint32_t processors();

/// Is standard error a terminal?
[[nodiscard]] bool terminal_on_stderr();

}  // namespace sim::host::process
