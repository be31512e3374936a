#pragma once

/// Commands: other programs, started with a pipe from one of their descriptors.
///
/// Why not popen(): arguments are passed as they are, with no shell to quote for, and the pipe is
/// not standard output, which stays the command's own.

#include <cstddef>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace sim::host::process {

struct CommandEnd {
    int status = 0;         ///< exit status, or 128 + signal
    bool stopped = false;   ///< `on_data` wanted no more, or Ctrl-C: the command was ended
};

/// Runs `arguments` (found in PATH). "{fd}" in an argument becomes the number of the descriptor
/// from which `on_data` is fed; it returns false to end the command. Errors: it cannot be started.
std::expected<CommandEnd, std::string> run_with_pipe(
    std::vector<std::string> arguments, const std::function<bool(std::span<const char>)>& on_data);

/// As run_with_pipe from the command's standard output, whole, with its standard error dropped
/// where `quiet`.
std::expected<std::string, std::string> output_of(std::vector<std::string> arguments,
                                                  CommandEnd& end);

/// Replaces this process. Returns only on failure, with the reason.
std::string replace_process(const std::vector<std::string>& arguments);

/// The path of `program` in PATH, or empty.
[[nodiscard]] std::string find_program(const std::string& program);

/// The path of this executable.
[[nodiscard]] std::string own_path();

}  // namespace sim::host::process
