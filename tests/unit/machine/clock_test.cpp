// The `instr` clock: time passes with every instruction, and an environment that never calls comes
// back when its time is up, as if nothing had happened. Built where instructions are counted.
#include <gtest/gtest.h>

#include "sim/machine/clock/clock.hpp"
#include "tests/unit/machine/tiny_kernel.hpp"

namespace tests::machine {
namespace {

using kernel::abi::Instant;

// No block of these tests or of what they call is as long.
constexpr std::uint64_t block_max = 256;

struct Counters {
    std::uint64_t rounds;
    std::uint64_t check;
};

// Keeps the same numbers in registers of every kind and in memory: what a tick loses shows.
void spin(std::uint64_t address) {
    auto& counters = *reinterpret_cast<volatile Counters*>(address);
    double sum = 0;
    for (std::uint64_t i = 1;; ++i) {
        sum += static_cast<double>(i);
        counters.rounds = i;
        counters.check = static_cast<std::uint64_t>(sum) - i * (i + 1) / 2;
        if (counters.check != 0) call(1);
    }
}

TEST(InstructionClock, EndsAnEnvironmentThatNeverCalls) {
    ASSERT_TRUE(sim::machine::counts_instructions());
    with_kernel({}, [](TinyKernel& kernel) {
        const auto frame = kernel.map(kernel.page(0), flags_write);
        const auto& counters = *kernel.at<Counters>(frame);
        ASSERT_EQ(kernel.start_until(spin, kernel.page(0), Instant{10'000}).kind, TrapKind::tick);
        EXPECT_GE(kernel.core.now().value, 10'000u);
        EXPECT_LT(kernel.core.now().value, 10'000u + block_max);
        const std::uint64_t rounds = counters.rounds;
        EXPECT_GT(rounds, 100u);
        for (std::uint64_t until = 11'000; until < 200'000; until += 1'000) {
            ASSERT_EQ(kernel.resume_until(Instant{until}).kind, TrapKind::tick);
            ASSERT_GE(kernel.core.now().value, until);
            ASSERT_LT(kernel.core.now().value, until + block_max + 1'000);
            ASSERT_EQ(counters.check, 0u);
        }
        EXPECT_GT(counters.rounds, 15 * rounds);
    });
}

TEST(InstructionClock, AnEnvironmentGetsOnWhateverTheTimeIs) {
    with_kernel({}, [](TinyKernel& kernel) {
        const auto frame = kernel.map(kernel.page(0), flags_write);
        ASSERT_EQ(kernel.start_until(spin, kernel.page(0), Instant{0}).kind, TrapKind::tick);
        for (int i = 0; i < 1'000; ++i) {
            ASSERT_EQ(kernel.resume_until(Instant{0}).kind, TrapKind::tick);
        }
        EXPECT_GT(kernel.at<Counters>(frame)->rounds, 100u);
    });
}

TEST(InstructionClock, SameInstructionsSameTime) {
    const auto time_of = [](std::uint64_t base) {
        Power power;
        power.options.window_base = base;
        std::uint64_t time = 0;
        with_kernel(power, [&time](TinyKernel& kernel) {
            const auto frame = kernel.map(kernel.page(0), flags_write);
            kernel.start_until(spin, kernel.page(0), Instant{50'000});
            time = kernel.core.now().value * 1'000'000 + kernel.at<Counters>(frame)->rounds;
        });
        return time;
    };
    const std::uint64_t first = time_of(0);
    EXPECT_EQ(time_of(0), first);
    EXPECT_EQ(time_of(0x3000'0000'0000), first);
}

}  // namespace
}  // namespace tests::machine
