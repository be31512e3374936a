// kill -9 of the hosted machine's process at random moments.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "sim/machine/clock/clock.hpp"
#include "sim/machine/hosted.hpp"
#include "sim/testbed/bundle.hpp"
#include "sim/testbed/disks/cell_disks.hpp"
#include "tests/kill/kill_fixture.hpp"

namespace tests::kill {
namespace {

class HostedKill : public KillTest {};
INSTANTIATE_TEST_SUITE_P(FileSystems, HostedKill, testing::Values("cofs", "log", "fat"),
                         [](const auto& info) { return std::string{info.param}; });

// The child: the machine, whose result lines go into the pipe at once.
[[noreturn]] void work(const sim::testbed::Scenario& scenario, int pipe) {
    const std::uint32_t chosen[] = {0};
    const auto bundle = sim::testbed::make_bundle(scenario, chosen, {});
    auto disks = sim::testbed::disks::hosted_disks(scenario.cells[0].machine,
                                                   sim::testbed::disks::Keeping::as_said);
    if (!bundle || !disks) _exit(2);
    sim::machine::HostedOptions options;
    options.disks = std::move(*disks);
    options.on_result = [pipe](std::uint16_t, std::string_view text) {
        if (write(pipe, text.data(), text.size()) != static_cast<ssize_t>(text.size())) _exit(3);
    };
    static_cast<void>(sim::machine::run_hosted(*bundle, 0, options));
    _exit(4);  // it has more to do than anyone waits for
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::size_t begin = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos;
         begin = end + 1, end = text.find('\n', begin)) {
        lines.push_back(text.substr(begin, end - begin));
    }
    return lines;
}

// Reads until there is a volume and `longer` has passed, kills, and reads the rest.
std::string read_and_kill(int pipe, pid_t child, std::chrono::microseconds longer) {
    std::string text;
    std::vector<char> buffer(1 << 16);
    const auto read_some = [&] {
        const ssize_t got = read(pipe, buffer.data(), buffer.size());
        if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
        return got > 0;
    };
    while (text.find("volume") == std::string::npos && read_some()) {
    }
    const auto end = std::chrono::steady_clock::now() + longer;
    // It is read all the while: who waits for a reader is not killed at a random moment.
    std::jthread killer{[child, end] {
        std::this_thread::sleep_until(end);
        ::kill(child, SIGKILL);
    }};
    while (read_some()) {
    }
    return text;
}

TEST_P(HostedKill, LosesNothingThatWasPersisted) {
    sim::machine::prepare_process();
    Kills kills;
    for (int i = 0; i < this->kills() && !HasFailure(); ++i) {
        blank();
        const auto scenario = workload(i + 1, "virtio");
        int ends[2];
        ASSERT_EQ(pipe(ends), 0);
        const pid_t child = fork();
        if (child == 0) {
            close(ends[0]);
            work(scenario, ends[1]);
        }
        close(ends[1]);
        const std::string text =
            read_and_kill(ends[0], child, std::chrono::microseconds{random_() % 300'000});
        close(ends[0]);
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
            << "it ended by itself: " << status;
        judge(lines_of(text), kills);
    }
    say("hosted", kills);
}

}  // namespace
}  // namespace tests::kill
