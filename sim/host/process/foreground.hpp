#pragma once

/// Foreground: another program that has the terminal, while this process does something beside it.
///
/// Why beside command.hpp: the program talks to the person itself, and Ctrl-C is the program's to
/// understand; this process only has to know when it ended.
/// Invariants: it is reaped at the latest in the destructor, which ends it if it still runs.

#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace sim::host::process {

class Foreground {
public:
    /// Starts arguments[0] (found in PATH) with this process's terminal and streams. Errors: no
    /// such program, or what the host says.
    [[nodiscard]] static std::expected<Foreground, std::string> start(
        const std::vector<std::string>& arguments);

    Foreground(Foreground&& other) noexcept;
    Foreground& operator=(Foreground&&) = delete;
    ~Foreground();

    /// Has it ended? Returns at once.
    [[nodiscard]] bool ended();
    /// Waits for its end: exit status, or 128 + signal.
    int wait();

private:
    explicit Foreground(int process) : process_{process} {}

    void take(int status);

    int process_;  // 0: moved away
    std::optional<int> status_;
};

}  // namespace sim::host::process
