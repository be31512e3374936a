#include "sim/host/process/command.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "sim/host/process/worker.hpp"

namespace sim::host::process {

namespace {

std::vector<char*> pointers(const std::vector<std::string>& arguments) {
    std::vector<char*> all;
    for (const std::string& each : arguments) all.push_back(const_cast<char*>(each.c_str()));
    all.push_back(nullptr);
    return all;
}

void name_descriptor(std::vector<std::string>& arguments, int file) {
    constexpr std::string_view mark = "{fd}";
    for (std::string& each : arguments) {
        const std::size_t at = each.find(mark);
        if (at != std::string::npos) each.replace(at, mark.size(), std::to_string(file));
    }
}

CommandEnd wait_for(pid_t pid, bool stopped) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    return {WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), stopped};
}

// Feeds `on_data` until the end; true if it was stopped before.
bool feed(int file, const std::function<bool(std::span<const char>)>& on_data) {
    std::vector<char> buffer(std::size_t{1} << 18);
    for (;;) {
        if (Interrupt::seen()) return true;
        const ssize_t n = read(file, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        if (!on_data(std::span{buffer}.first(static_cast<std::size_t>(n)))) return true;
    }
}

}  // namespace

std::expected<CommandEnd, std::string> run_with_pipe(
    std::vector<std::string> arguments,
    const std::function<bool(std::span<const char>)>& on_data) {
    if (find_program(arguments.at(0)).empty()) {
        return std::unexpected(arguments.at(0) + ": no such program");
    }
    int ends[2];
    if (pipe(ends) != 0) return std::unexpected(std::strerror(errno));
    const pid_t pid = fork();
    if (pid < 0) {
        const std::string reason = std::strerror(errno);
        close(ends[0]);
        close(ends[1]);
        return std::unexpected(reason);
    }
    if (pid == 0) {
        close(ends[0]);
        name_descriptor(arguments, ends[1]);
        execvp(arguments[0].c_str(), pointers(arguments).data());
        _exit(127);
    }
    close(ends[1]);
    const bool stopped = feed(ends[0], on_data);
    close(ends[0]);
    if (stopped) kill(pid, SIGTERM);
    return wait_for(pid, stopped);
}

std::expected<std::string, std::string> output_of(std::vector<std::string> arguments,
                                                  CommandEnd& end) {
    std::string output;
    std::vector<std::string> wrapped{"sh", "-c", "exec \"$@\" >&{fd}", "sh"};
    wrapped.insert(wrapped.end(), arguments.begin(), arguments.end());
    auto result = run_with_pipe(std::move(wrapped), [&output](std::span<const char> data) {
        output.append(data.data(), data.size());
        return true;
    });
    if (!result) return std::unexpected(result.error());
    end = *result;
    return output;
}

std::string replace_process(const std::vector<std::string>& arguments) {
    execvp(arguments.at(0).c_str(), pointers(arguments).data());
    return arguments.at(0) + ": " + std::strerror(errno);
}

std::string find_program(const std::string& program) {
    namespace fs = std::filesystem;
    if (program.find('/') != std::string::npos) {
        return access(program.c_str(), X_OK) == 0 ? program : std::string{};
    }
    const char* const path = std::getenv("PATH");
    std::string rest = path != nullptr ? path : "/usr/bin:/bin";
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(':'), rest.size());
        const fs::path candidate = fs::path{rest.substr(0, end)} / program;
        if (access(candidate.c_str(), X_OK) == 0) return candidate.string();
        rest.erase(0, end + 1);
    }
    return {};
}

std::string own_path() {
    std::error_code error;
    return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

}  // namespace sim::host::process
