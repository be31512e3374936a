#include "sim/host/process/foreground.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "sim/host/process/command.hpp"

namespace sim::host::process {

std::expected<Foreground, std::string> Foreground::start(
    const std::vector<std::string>& arguments) {
    if (find_program(arguments.at(0)).empty()) {
        return std::unexpected(arguments.at(0) + ": no such program");
    }
    const pid_t process = fork();
    if (process < 0) return std::unexpected(std::strerror(errno));
    if (process == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        replace_process(arguments);
        _exit(127);
    }
    return Foreground{process};
}

Foreground::Foreground(Foreground&& other) noexcept
    : process_{std::exchange(other.process_, 0)}, status_{other.status_} {}

Foreground::~Foreground() {
    if (process_ == 0 || status_) return;
    kill(process_, SIGTERM);
    wait();
}

void Foreground::take(int status) {
    status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool Foreground::ended() {
    int status = 0;
    if (!status_ && waitpid(process_, &status, WNOHANG) == process_) take(status);
    return status_.has_value();
}

int Foreground::wait() {
    int status = 0;
    while (!status_) {
        if (waitpid(process_, &status, 0) == process_) {
            take(status);
        } else if (errno != EINTR) {
            status_ = 127;  // somebody else reaped it
        }
    }
    return *status_;
}

}  // namespace sim::host::process
