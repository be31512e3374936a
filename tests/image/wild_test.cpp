// An environment that goes for the machine itself: every privileged instruction, kernel
// address, non-canonical address and stray stack must end that environment alone, by the
// right trap, and leave the machine running.
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "kernel/abi/call.hpp"
#include "sim/testbed/boot/run_bare.hpp"
#include "tests/image/test_bundle.hpp"

namespace {

using namespace tests::image;
using kernel::abi::EndReason;
using kernel::abi::Event;
using kernel::abi::EventKind;

// wild.S has these numbers.
static_assert(static_cast<int>(kernel::abi::Call::null) == 0);
static_assert(static_cast<int>(kernel::abi::Call::env_exit) == 22);

constexpr int survives = -1;

struct Attempt {
    const char* name;
    int vector;  // that ends it, or `survives`
    int or_vector = survives;  // where processors and their emulators differ
};

constexpr Attempt attempts[] = {
    {"nothing", survives}, {"cli", 13}, {"hlt", 13}, {"lgdt", 13}, {"cr3", 13}, {"rdmsr", 13},
    {"wrmsr", 13}, {"out", 13}, {"invlpg", 13}, {"swapgs", 13}, {"int80", 13},
    {"int_timer", 13}, {"int_double_fault", 13}, {"int3", 3}, {"ud2", 6}, {"divide", 0},
    {"wrgsbase", 6}, {"single_step", 1}, {"read_kernel", 14}, {"write_kernel", 14},
    {"jump_kernel", 14}, {"read_direct_map", 14}, {"write_text", 14}, {"write_constants", 14},
    {"run_constants", 14}, {"run_stack", 14}, {"read_null", 14}, {"read_not_canonical", 13},
    {"jump_not_canonical", 13}, {"return_not_canonical", 13}, {"push_not_canonical", 12, 13},
    {"iret_not_canonical", 13}, {"iret_to_kernel", 13}, {"call_stack_zero", survives},
    {"call_stack_kernel", survives}, {"call_stack_not_canonical", survives},
    {"trap_stack_kernel", 6}, {"trap_stack_not_canonical", 6}, {"call_flags", survives},
    {"call_segments", survives}, {"mov_ss_int3", 3}, {"call_number", survives},
    {"sysenter", 13, 6}, {"floating_point", survives},
};

std::optional<int> last_fault(const sim::engine::CellResult& cell) {
    std::optional<int> vector;
    for (const Event& event : cell.events) {
        if (event.kind == EventKind::fault) vector = event.code;
    }
    return vector;
}

void try_all(const std::string& cpu) {
    if (!std::filesystem::exists(image_path())) GTEST_SKIP() << "no image: " << image_path();
    std::vector<TestCell> cells;
    for (std::size_t i = 0; i < std::size(attempts); ++i) {
        cells.push_back({.seed = i, .pool_frames = 1024 + 64 * static_cast<std::uint32_t>(i % 3),
                         .trace = true});
    }
    const auto bundle = make_bundle(cells, "wild", wild_program());
    sim::testbed::boot::BareOptions options;
    options.image = image_path();
    options.cpu = cpu;
    const auto results = sim::testbed::boot::run_bare(bundle, options);
    ASSERT_TRUE(results) << results.error();
    ASSERT_EQ(results->size(), std::size(attempts));
    for (const auto& cell : *results) {
        const Attempt& attempt = attempts[cell.cell];
        SCOPED_TRACE(attempt.name);
        EXPECT_EQ(cell.error, "");
        EXPECT_EQ(cell.outcome.frames_lost, 0u);
        if (attempt.vector == survives) {
            EXPECT_EQ(cell.outcome.reason, EndReason::exited);
            EXPECT_EQ(cell.outcome.exit_code, 0u);
        } else {
            EXPECT_EQ(cell.outcome.reason, EndReason::no_vector);
            const auto fault = last_fault(cell);
            EXPECT_TRUE(fault == attempt.vector || fault == attempt.or_vector)
                << "vector " << fault.value_or(survives);
        }
    }
}

TEST(Wild, EveryAttemptEndsItsEnvironmentAlone) { try_all("max"); }

TEST(Wild, TheSameOnAProcessorWithoutXsaveAndSmep) { try_all("qemu64"); }

TEST(Wild, ARunawayIsEndedByTheWatchdog) {
    if (!std::filesystem::exists(image_path())) GTEST_SKIP() << "no image: " << image_path();
    const auto bundle =
        make_bundle({{.seed = std::size(attempts)}, {.seed = 0}}, "wild", wild_program());
    sim::testbed::boot::BareOptions options;
    options.image = image_path();
    options.command_line = "watchdog=1";
    const auto results = sim::testbed::boot::run_bare(bundle, options);
    ASSERT_TRUE(results) << results.error();
    ASSERT_EQ(results->size(), 2u);
    EXPECT_EQ((*results)[0].error, "");
    EXPECT_EQ((*results)[0].outcome.reason, EndReason::ran_away);
    EXPECT_EQ((*results)[1].outcome.reason, EndReason::exited);
    EXPECT_EQ((*results)[1].outcome.exit_code, 0u);
}

}  // namespace
