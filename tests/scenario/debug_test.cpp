// chitin debug: what its gdb commands say is what the history, the scenario and the kernel's own
// counts say, on both machines; stopping changes nothing; what cannot be said is said so.
#include <map>

#include "tests/scenario/debug_fixture.hpp"

namespace tests::scenario {
namespace {

const std::string stop_at_calls = "break kernel::syscall::dispatch";

class Both : public DebugTest, public testing::WithParamInterface<On> {
protected:
    void SetUp() override {
        DebugTest::SetUp();
        if (GetParam() == On::image && !image_built() && !IsSkipped()) {
            GTEST_SKIP() << "skipped: no image: ./chitin build image";
        }
    }
};

INSTANTIATE_TEST_SUITE_P(Machines, Both, testing::Values(On::hosted, On::image),
                         [](const auto& machine) {
                             return machine.param == On::hosted ? "Hosted" : "Image";
                         });

// 16 MiB of 4 KiB frames on 4 cores: the scenario says so.
TEST_P(Both, EveryCoreIsThereAndFramesAddUp) {
    debug("cores.toml", GetParam(),
          {stop_at_calls, "ignore 1 300", "start", "chitin cores", "chitin frames", "chitin envs"});
    ASSERT_EQ(lines("chitin cores").size(), 4u) << all_;
    constexpr std::uint32_t part = (16u << 20) / 4096 / 4;
    std::map<std::string, std::map<std::string, std::uint64_t>> frames;
    std::map<std::string, std::uint64_t> sums;
    for (const Words& line : lines("chitin frames")) {
        ASSERT_GE(line.size(), 3u);
        const std::uint64_t count = std::stoull(line.back());
        frames[line[0]][line[1]] = count;
        if (line[1] != "=" && line[1] != "pool" && line[1] != "counted") sums[line[0]] += count;
    }
    EXPECT_EQ(frames.size(), 4u);
    for (auto& [core, states] : frames) {
        EXPECT_EQ(states["pool"], part) << core;
        EXPECT_EQ(sums[core], part) << core;
        EXPECT_EQ(states["counted"], states["free"]) << core;
        EXPECT_GT(states["env"], 0u) << core;
    }
    for (const Words& line : lines("chitin envs")) EXPECT_TRUE(has(line, "1")) << all_;
    EXPECT_EQ(lines("chitin envs").size(), 4u);
}

// A page that the history maps: two calls of `map` in a row, the second of which stops gdb.
TEST_P(Both, WalkAndCapsSayWhatTheHistoryMapped) {
    const auto events = history("exchange.toml");
    std::map<std::uint64_t, std::uint64_t> frame_of_slot;
    std::size_t maps = 0, place = 0;
    for (std::size_t i = 0; i + 1 < events.size() && place == 0; ++i) {
        if (ok(events[i], "frame_allocate")) {
            frame_of_slot[word(events[i], 1)] = word(events[i], 3);
        }
        if (events[i]["what"] == "map") ++maps;
        const bool its_own = ok(events[i], "map") && events[i]["env"] == 1 &&
                             word(events[i], 0) == 0 && frame_of_slot.contains(word(events[i], 1));
        if (its_own && maps > 20) place = i;
    }
    ASSERT_NE(place, 0u);
    const auto& map = events[place];
    const std::uint64_t address = word(map, 2), frame = frame_of_slot[word(map, 1)];
    const std::string walk = "chitin walk $window+" + std::to_string(address) + " 1";
    debug("exchange.toml", GetParam(),
          {"break kernel::syscall::map", "ignore 1 " + std::to_string(maps), "start",
           "python from chitin_gdb import machine",
           "python gdb.set_convenience_variable('window', "
           "machine.find().cores[0].kernel.system.window_base)",
           walk, "chitin caps 1", "chitin frames 1"});
    EXPECT_TRUE(says(walk, "frame " + std::to_string(frame) + " (user")) << all_;
    EXPECT_TRUE(says(walk, "writable user")) << said(walk);
    const std::string slot = std::to_string(word(map, 1));
    bool capability = false, record = false;
    for (const Words& line : lines("chitin caps 1")) {
        capability |= line.size() > 6 && line[2] == slot && line[3] == "frame" &&
                      line[4] == std::to_string(frame) && line[6] != "-";
    }
    for (const Words& line : lines("chitin frames 1")) {
        record |= line.size() > 8 && line[1] == std::to_string(frame) && line[2] == "user" &&
                  line[8] == "1:" + slot;
    }
    EXPECT_TRUE(capability) << said("chitin caps 1");
    EXPECT_TRUE(record) << said("chitin frames 1");
}

// In an upcall's handler, which a page fault of cow's writes entered, and below it.
TEST_P(Both, StacksReachTheProgramAndTheKernelsLoop) {
    debug("cow.toml", GetParam(),
          {"break libos_upcall_handle", "start", "chitin bt env 2", "chitin bt 0",
           "chitin bt env 1", "chitin envs"});
    EXPECT_TRUE(says("chitin bt env 2", "libos_upcall_handle")) << all_;
    EXPECT_TRUE(says("chitin bt env 2", "page_fault")) << all_;
    EXPECT_TRUE(says("chitin bt env 2", "Member::write")) << all_;
    EXPECT_TRUE(says("chitin bt env 2", "chitin_program_cow")) << all_;
    EXPECT_TRUE(says("chitin bt 0", "kernel::cpu::run")) << all_;
    EXPECT_TRUE(says("chitin bt 0", "kernel::run_cell")) << all_;
    EXPECT_TRUE(says("chitin bt env 1", "chitin_program_init")) << all_;
    for (const Words& line : lines("chitin envs")) {
        ASSERT_GT(line.size(), 3u);
        EXPECT_EQ(line[2], line[1] == "1" ? "parked" : "runnable") << said("chitin envs");
        EXPECT_EQ(line[3], line[1] == "1" ? "init" : "cow") << said("chitin envs");
    }
}

// In the kernel, where one core stopped: the others wait for its promise, or run.
TEST_P(Both, EveryCoresKernelHasAStack) {
    debug("cores.toml", GetParam(),
          {stop_at_calls, "ignore 1 300", "start", "chitin bt 0", "chitin bt 1", "chitin bt 2",
           "chitin bt 3", "chitin bt env 3:1"});
    for (const char* core : {"0", "1", "2", "3"}) {
        const std::string command = std::string{"chitin bt "} + core;
        EXPECT_TRUE(says(command, "kernel::cpu::run ") || says(command, "kernel::cpu::run\n"))
            << said(command);
        EXPECT_TRUE(says(command, "kernel::run_cell")) << said(command);
    }
    EXPECT_TRUE(says("chitin bt env 3:1", "chitin_program_hello")) << all_;
}

TEST_P(Both, TheLastEventsAreTheHistorys) {
    const auto events = history("exchange.toml");
    debug("exchange.toml", GetParam(), {"break kernel::env::end", "start", "chitin trace 3"});
    const auto shown = lines("chitin trace 3");
    ASSERT_EQ(shown.size(), 3u) << all_;
    for (const Words& line : shown) {
        const auto& event = events.at(std::stoul(line.at(0)));
        std::string whole;
        for (const std::string& word : line) whole += word + " ";
        EXPECT_EQ(whole.find(line[0] + " " + std::to_string(event["ns"].get<std::uint64_t>()) +
                             " 0 " + std::to_string(event["env"].get<std::uint64_t>()) + " " +
                             event["what"].get<std::string>() + " " +
                             event["status"].get<std::string>() + " "),
                  0u)
            << whole << event;
    }
}

TEST_P(Both, NothingRunsYet) {
    debug("exchange.toml", GetParam(), {"chitin cores", "chitin bt 0"});
    EXPECT_TRUE(says("chitin cores", "chitin cores: no cell runs yet")) << all_;
    EXPECT_TRUE(says("chitin bt 0", "chitin bt: no cell runs yet")) << all_;
}

// After so many events as many environments live as were created and not destroyed.
TEST_F(DebugTest, StopsBehindTheEventAsked) {
    const auto events = history("exchange.toml");
    std::size_t place = 0, living = 1;
    for (std::size_t i = 0; place == 0; ++i) {
        living += ok(events[i], "env_create") ? 1 : 0;
        if (living == 3 && ok(events[i], "transfer_call")) place = i;
        ASSERT_LT(i + 1, events.size());
    }
    const std::string number = std::to_string(place);
    debug("exchange.toml", On::hosted, {"start", "chitin envs", "chitin trace 2"},
          {"--stop-at", number});
    EXPECT_EQ(lines("chitin envs").size(), living) << all_;
    const auto shown = lines("chitin trace 2");
    ASSERT_EQ(shown.size(), 2u) << all_;
    EXPECT_EQ(shown.back().at(0), number);
    EXPECT_EQ(shown.back().at(4), "transfer_call");
}

TEST_F(DebugTest, LookingChangesNothing) {
    const auto events = history("cow.toml");
    debug("cow.toml", On::hosted,
          {"start", "chitin envs", "chitin bt env 2", "chitin frames", "chitin caps", "continue"},
          {"--stop-at", std::to_string(events.size() / 2)});
    EXPECT_TRUE(says("continue", "exit code 0, " + std::to_string(events.size()) + " events, "))
        << all_;
}

// While the host's signal handler serves a page fault, and where the simulator itself crashes.
TEST_F(DebugTest, StacksGoOnBelowASignalHandler) {
    debug("cow.toml", On::hosted,
          {"break sim::machine::Mmu::access", "ignore 1 100", "start", "bt", "chitin bt env 2",
           "chitin bt 0", "delete", "break give_back", "break kernel::syscall::dispatch",
           "continue", "set var $rip=0x10", "continue 1", "bt 6"});
    EXPECT_TRUE(says("bt", "<signal handler called>")) << all_;
    EXPECT_TRUE(says("bt", "chitin_program_cow")) << all_;
    EXPECT_TRUE(says("chitin bt env 2", "Member::write")) << all_;
    EXPECT_TRUE(says("chitin bt env 2", "chitin_program_cow")) << all_;
    EXPECT_TRUE(says("chitin bt 0", "kernel::run_cell")) << all_;
    EXPECT_TRUE(says("continue 1", "give_back (signal=11)")) << all_;
    EXPECT_TRUE(says("bt 6", "kernel::cpu::run")) << all_;
}

TEST_F(DebugTest, SlicesAreThoseAllocated) {
    const auto events = history("slices.toml");
    std::size_t place = 0, allocated = 0;
    for (std::size_t i = 0; i < events.size() && allocated < 2; ++i) {
        allocated += ok(events[i], "slice_allocate") ? 1 : 0;
        place = i;
    }
    ASSERT_EQ(allocated, 2u);
    debug("slices.toml", On::hosted, {"start", "chitin slices"},
          {"--stop-at", std::to_string(place)});
    EXPECT_TRUE(says("chitin slices", "2 allocated")) << all_;
    EXPECT_EQ(lines("chitin slices").size(), 3u) << "a head and two positions\n" << all_;
}

TEST_F(DebugTest, RingsAddUpToTheKernelsOwnCounts) {
    const auto count = [](const std::string& which) {
        return "python print(sum(c.kernel.info.messages_" + which +
               " for c in machine.find().cores))";
    };
    debug("exchange_cores.toml", On::hosted,
          {"break kernel::env::end", "start", "chitin rings",
           "python from chitin_gdb import machine", count("sent"), count("taken")});
    std::uint64_t sent = 0, taken = 0;
    for (const Words& line : lines("chitin rings")) {
        ASSERT_EQ(line.size(), 8u) << all_;
        sent += std::stoull(line[2]);
        taken += std::stoull(line[3]);
        EXPECT_EQ(std::stoull(line[2]) - std::stoull(line[3]), std::stoull(line[4])) << all_;
    }
    EXPECT_GT(taken, 0u) << all_;
    EXPECT_EQ(said(count("sent")), std::to_string(sent) + "\n") << all_;
    EXPECT_EQ(said(count("taken")), std::to_string(taken) + "\n") << all_;
}

TEST_F(DebugTest, TypesPrintInWords) {
    const auto result = [](const std::string& bytes) {
        return "python print(gdb.Value(bytes([" + bytes +
               "]), gdb.lookup_type('std::expected<kernel::abi::Distinct<kernel::abi::"
               "FrameNumberTag, unsigned int>, kernel::abi::Status>')))";
    };
    const std::string good = result("7,16,0,0,1,0,0,0"), failed = result("5,0,0,0,0,0,0,0");
    debug("exchange.toml", On::hosted,
          {stop_at_calls, "start", "print (kernel::abi::Status)4", "print (kernel::abi::Rights)3",
           "print system.running", "print system.horizon",
           "print system.recalls", good, failed});
    EXPECT_TRUE(says("print (kernel::abi::Status)4", "= empty_slot")) << all_;
    EXPECT_TRUE(says("print (kernel::abi::Rights)3", "= read|write")) << all_;
    EXPECT_TRUE(says("print system.running", "= FrameNumber 4")) << all_;
    EXPECT_TRUE(says("print system.horizon", "= never")) << all_;
    EXPECT_TRUE(says("print system.recalls", "= no_cap")) << all_;
    EXPECT_TRUE(says(good, "ok: FrameNumber 4103")) << all_;
    EXPECT_TRUE(says(failed, "error occupied_slot")) << all_;
}

TEST_F(DebugTest, WrongArgumentsAreNamed) {
    debug("exchange.toml", On::hosted,
          {stop_at_calls, "start", "chitin walk", "chitin walk 0x1234", "chitin caps 77",
           "chitin bt 5", "chitin bt env", "chitin frames nowhere", "chitin trace 0",
           "chitin cores 1"});
    EXPECT_TRUE(says("chitin walk", "0 arguments; usage: chitin walk ADDRESS [ENV]")) << all_;
    EXPECT_TRUE(says("chitin walk 0x1234", "0x1234 is not in the environments' window")) << all_;
    EXPECT_TRUE(says("chitin caps 77", "77: no such environment; there are (CORE:NUMBER) 0:1"));
    EXPECT_TRUE(says("chitin bt 5", "5: expected a core's number, 0..0")) << all_;
    EXPECT_TRUE(says("chitin bt env", "expected an environment's number")) << all_;
    EXPECT_TRUE(says("chitin frames nowhere", "or a state: free kernel user")) << all_;
    EXPECT_TRUE(says("chitin trace 0", "expected a number of events, 1 or more")) << all_;
    EXPECT_TRUE(says("chitin cores 1", "1 arguments; usage: chitin cores")) << all_;
}

TEST_F(DebugTest, WrongUsageIsSaidBeforeGdbStarts) {
    const std::string exchange = scenario("exchange.toml");
    EXPECT_EQ(chitin({"debug", exchange, "--cell", "1"}).status, 2);
    EXPECT_EQ(chitin({"debug", exchange, "--image", "--stop-at", "3"}).status, 2);
    EXPECT_EQ(chitin({"debug", scenario("absent.toml")}).status, 2);
    const Ran without = run({"env", "PATH=/nonexistent", CHITIN_TOOL, "debug", exchange});
    EXPECT_EQ(without.status, 3);
    const Ran elsewhere = run({"env", "CHITIN_ROOT=/nonexistent", CHITIN_TOOL, "debug", exchange});
    EXPECT_EQ(elsewhere.status, 1);
}

// A failure that `explore` found: stopped where its only decision takes effect, with the machine
// there to be looked at.
TEST_F(DebugTest, ReplayStopsAtTheDecision) {
    const Ran found = chitin({"explore", scenario("threads.toml"), "--cell", "0", "--strategy",
                              "random", "--faults", "none", "--runs", "200", "--json", "-o",
                              file("found")});
    ASSERT_EQ(found.status, 1);
    const auto line = nlohmann::json::parse(found.output.substr(0, found.output.find('\n')));
    const std::string small = file("small.json");
    chitin({"replay", line["file"].get<std::string>(), "--shrink", "-o", small});
    all_ = chitin_all({"replay", small, "--gdb", "--batch", "-ex", "run", "-ex",
                       "echo @@chitin cores\\n", "-ex", "chitin cores", "-ex", "echo @@\\n"})
               .output;
    EXPECT_NE(all_.find("sim::explore::decision_takes_effect ("), std::string::npos) << all_;
    EXPECT_EQ(lines("chitin cores").size(), 1u) << all_;
}

}  // namespace
}  // namespace tests::scenario
