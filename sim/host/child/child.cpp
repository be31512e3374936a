#include "sim/host/child/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

namespace sim::host::child {
namespace {

constexpr std::size_t errors_bytes_max = 4096;
constexpr std::size_t read_bytes = 65536;

struct Pipe {
    int read = -1;
    int write = -1;

    bool open() {
        std::array<int, 2> ends{};
        if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
        read = ends[0];
        write = ends[1];
        fcntl(read, F_SETFL, O_NONBLOCK);
        return true;
    }
    void close_both() const {
        if (read >= 0) close(read);
        if (write >= 0) close(write);
    }
};

std::unexpected<std::string> failure(const std::string& what) {
    return std::unexpected(what + ": " + std::strerror(errno));
}

[[noreturn]] void become(const std::vector<std::string>& arguments, const Pipe& output,
                         const Pipe& error, int failed) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    dup2(output.write, STDOUT_FILENO);
    dup2(error.write, STDERR_FILENO);
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    std::vector<char*> pointers;
    for (const std::string& each : arguments) pointers.push_back(const_cast<char*>(each.c_str()));
    pointers.push_back(nullptr);
    execvp(pointers[0], pointers.data());
    const int reason = errno;
    [[maybe_unused]] const ssize_t written = write(failed, &reason, sizeof reason);
    _exit(127);
}

// The child's errno if it could not exec; 0 when it did (the pipe closed by itself).
int exec_failure(const Pipe& failed) {
    int reason = 0;
    ssize_t n = 0;
    do {
        n = read(failed.read, &reason, sizeof reason);
    } while (n < 0 && errno == EINTR);
    return n == sizeof reason ? reason : 0;
}

}  // namespace

std::expected<Child, std::string> Child::start(const std::vector<std::string>& arguments) {
    Pipe output, error, failed;
    if (!output.open() || !error.open() || !failed.open()) {
        for (const Pipe& each : {output, error, failed}) each.close_both();
        return failure("no pipe");
    }
    fcntl(failed.read, F_SETFL, 0);
    const pid_t process = fork();
    if (process == 0) become(arguments, output, error, failed.write);
    close(output.write);
    close(error.write);
    close(failed.write);
    Child child;
    child.process_ = process;
    child.output_ = output.read;
    child.error_ = error.read;
    const int reason = process < 0 ? errno : exec_failure(failed);
    close(failed.read);
    if (reason != 0) {
        child.close_all();
        errno = reason;
        return failure("cannot start " + arguments[0]);
    }
    return child;
}

Child::Child(Child&& other) noexcept { *this = std::move(other); }

Child& Child::operator=(Child&& other) noexcept {
    std::swap(process_, other.process_);
    std::swap(output_, other.output_);
    std::swap(error_, other.error_);
    std::swap(errors_, other.errors_);
    return *this;
}

Child::~Child() {
    kill();
    close_all();
}

void Child::close_all() {
    if (process_ > 0) wait();
    if (output_ >= 0) close(std::exchange(output_, -1));
    if (error_ >= 0) close(std::exchange(error_, -1));
}

std::string Child::read_output() {
    read_errors();
    if (output_ < 0) return {};
    std::string text(read_bytes, '\0');
    const ssize_t n = read(output_, text.data(), text.size());
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    if (n <= 0) {
        close(std::exchange(output_, -1));
        return {};
    }
    text.resize(static_cast<std::size_t>(n));
    return text;
}

void Child::read_errors() {
    std::array<char, errors_bytes_max> buffer{};
    while (error_ >= 0) {
        const ssize_t n = read(error_, buffer.data(), buffer.size());
        if (n <= 0) return;
        errors_.append(buffer.data(), static_cast<std::size_t>(n));
        if (errors_.size() > errors_bytes_max) {
            errors_.erase(0, errors_.size() - errors_bytes_max);
        }
    }
}

int Child::wait() {
    if (process_ <= 0) return 0;
    int status = 0;
    while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
    read_errors();
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void Child::kill() {
    if (process_ > 0) ::kill(process_, SIGKILL);
}

void wait_any(std::span<Child* const> children, int milliseconds) {
    std::vector<pollfd> files;
    for (const Child* child : children) {
        if (child->output_ >= 0) files.push_back({child->output_, POLLIN, 0});
    }
    poll(files.data(), files.size(), milliseconds);
}

double seconds_now() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
}

bool program_exists(const std::string& program) {
    if (program.find('/') != std::string::npos) return access(program.c_str(), X_OK) == 0;
    const char* path = std::getenv("PATH");
    std::string rest = path != nullptr ? path : "/usr/bin:/bin";
    rest += ":/usr/sbin:/sbin";
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(':'), rest.size());
        const std::string candidate = rest.substr(0, end) + "/" + program;
        if (access(candidate.c_str(), X_OK) == 0) return true;
        rest.erase(0, end + 1);
    }
    return false;
}

}  // namespace sim::host::child
