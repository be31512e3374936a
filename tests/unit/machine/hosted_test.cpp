// run_hosted with the real kernel, and programs that speak to it without a libOS.
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "kernel/abi/bundle.hpp"
#include "kernel/abi/start.hpp"
#include "kernel/abi/status.hpp"
#include "sim/machine/hosted.hpp"
#include "sim/machine/machine.hpp"
#include "sim/machine/programs.hpp"

extern "C" kernel::abi::CallResult chitin_gate(std::uint64_t a1, std::uint64_t a2,
                                               std::uint64_t a3, std::uint64_t a4,
                                               std::uint64_t a5, std::uint64_t a6,
                                               std::uint64_t number);

namespace tests::machine {
namespace {

using namespace kernel::abi;

CallResult call(Call number, std::uint64_t a1 = 0, std::uint64_t a2 = 0, std::uint64_t a3 = 0,
                std::uint64_t a4 = 0) {
    return chitin_gate(a1, a2, a3, a4, 0, 0, static_cast<std::uint64_t>(number));
}

// Prints from its stack (the kernel reads it through the page tables), and exits with 7.
void greets(StartBlock& start) {
    char line[32];
    std::memcpy(line, "{\"env\":\"greeter\"}\n", 18);
    const auto address = reinterpret_cast<std::uint64_t>(line);
    call(Call::console_write, slot_console.value, static_cast<std::uint64_t>(Channel::result),
         address, 18);
    const auto& info = *reinterpret_cast<const SystemInfo*>(start.info);
    for (int i = 0; i < 100; ++i) call(Call::null);
    call(Call::env_exit, info.magic == system_info_magic ? 7 : 8);
}

void spins(StartBlock&) {
    for (;;) asm volatile("");
}

void faults(StartBlock& start) { *reinterpret_cast<volatile int*>(start.space_base) = 1; }

ProgramInfo program(const char* name, void (*entry)(StartBlock&)) {
    ProgramInfo info{};
    std::strncpy(info.name, name, sizeof info.name - 1);
    info.entry = reinterpret_cast<std::uint64_t>(entry);
    return info;
}

struct SmallBundle {
    BundleHeader header;
    CellRecord cell;
    EnvRecord env;
};

SmallBundle bundle_of(const char* program) {
    SmallBundle bundle{};
    bundle.header.magic = bundle_magic;
    bundle.header.size_bytes = sizeof bundle;
    bundle.header.cell_count = 1;
    bundle.header.env_count = 1;
    bundle.header.files_offset = offsetof(SmallBundle, cell);
    bundle.header.cells_offset = offsetof(SmallBundle, cell);
    bundle.header.envs_offset = offsetof(SmallBundle, env);
    bundle.cell.pool_frames = 1024;
    bundle.cell.env_count = 1;
    bundle.cell.cores = 1;
    bundle.cell.slice_ns = 1'000'000;
    bundle.cell.costs.call = 80;
    for (std::uint32_t& module : bundle.env.modules) module = no_file;
    std::strncpy(bundle.env.program, program, sizeof bundle.env.program - 1);
    return bundle;
}

sim::engine::CellResult run(const char* program,
                            const sim::machine::HostedOptions& options = {}) {
    const SmallBundle bundle = bundle_of(program);
    return sim::machine::run_hosted(std::as_bytes(std::span{&bundle, 1}), 0, options);
}

TEST(Hosted, a_program_greets_and_exits) {
    const auto result = run("greets");
    EXPECT_EQ(result.error, "");
    EXPECT_EQ(result.outcome.exit_code, 7u);
    EXPECT_EQ(result.outcome.frames_lost, 0u);
    EXPECT_GE(result.outcome.time_ns, 102u * 80);
    ASSERT_EQ(result.envs.size(), 1u);
    EXPECT_EQ(result.envs[0].name, "greeter");
    EXPECT_EQ(result.envs[0].info.calls, 102u);
}

TEST(Hosted, the_history_does_not_depend_on_the_window) {
    const auto here = run("greets");
    sim::machine::HostedOptions options;
    if (sim::machine::default_window_base() != 0) options.window_base = 0x3000'0000'0000;
    const auto there = run("greets", options);
    EXPECT_EQ(here.trace_hash, there.trace_hash);
    EXPECT_EQ(here.outcome.time_ns, there.outcome.time_ns);
    EXPECT_GT(here.trace_events, 100u);
}

TEST(Hosted, a_runaway_ends_and_is_reported) {
    sim::machine::HostedOptions options;
    options.watchdog_seconds = 0.1;
    const auto result = run("spins", options);
    EXPECT_EQ(result.outcome.reason, EndReason::ran_away);
    EXPECT_NE(result.error.find("spins"), std::string::npos) << result.error;
}

TEST(Hosted, a_fault_without_a_handler_ends_the_environment) {
    const auto result = run("faults");
    EXPECT_EQ(result.error, "");
    EXPECT_EQ(result.outcome.reason, EndReason::no_vector);
    EXPECT_EQ(result.outcome.frames_lost, 0u);
}

TEST(Hosted, bad_input_is_one_sentence) {
    const SmallBundle bundle = bundle_of("greets");
    const auto bytes = std::as_bytes(std::span{&bundle, 1});
    EXPECT_NE(sim::machine::run_hosted(bytes.first(10), 0, {}).error, "");
    EXPECT_NE(sim::machine::run_hosted(bytes, 5, {}).error.find("1 cells"), std::string::npos);
    std::vector<std::byte> nonsense(200);
    EXPECT_NE(sim::machine::run_hosted(nonsense, 0, {}).error, "");
}

}  // namespace
}  // namespace tests::machine

std::span<const kernel::abi::ProgramInfo> sim::machine::hosted_programs() {
    using namespace tests::machine;
    static const kernel::abi::ProgramInfo programs[] = {
        program("greets", greets), program("spins", spins), program("faults", faults)};
    return programs;
}
