// Child: another program, running, with its standard output and error read as they come.
//
// Why beside host/process: a virtual machine speaks for minutes, several run at once, and each
// has a time limit; a caller wants to see every line at once and to end one at any moment.
//
// Invariants: a Child is killed and reaped at the latest in its destructor, and dies with this
// process (PDEATHSIG); it has a process group of its own, so the terminal's Ctrl-C reaches only
// us; nothing blocks for longer than the wait asked for.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sim::host::child {

class Child {
public:
    // Starts arguments[0] (searched in PATH). Errors: it cannot be started, and why.
    static std::expected<Child, std::string> start(const std::vector<std::string>& arguments);

    Child(Child&& other) noexcept;
    Child& operator=(Child&& other) noexcept;
    ~Child();

    // What came on standard output since the last time; empty: nothing yet, or ended.
    std::string read_output();
    // The last 4 KiB of standard error so far.
    const std::string& errors() const { return errors_; }

    bool ended() const { return output_ < 0; }  // its output was closed
    int wait();                                 // exit status, or 128 + signal; kills if needed
    void kill();

private:
    friend void wait_any(std::span<Child* const> children, int milliseconds);
    Child() = default;
    void read_errors();
    void close_all();

    int process_ = -1;
    int output_ = -1;
    int error_ = -1;
    std::string errors_;
};

// Returns when one of them has something to read, or after `milliseconds`.
void wait_any(std::span<Child* const> children, int milliseconds);

// Monotonic seconds, for time limits and host times.
double seconds_now();

// Is `program` (a path, or a name searched in PATH) there to be run?
bool program_exists(const std::string& program);

}  // namespace sim::host::child
