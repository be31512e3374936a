// The interpreter: the suite's results, and a checking mode that lets nothing out.
#include <gtest/gtest.h>

#include "tests/unit/code/ground.hpp"

namespace tests::code {
namespace {

using namespace kernel::code;

Outcome checked(const Code& code, Ground& ground, std::uint64_t steps_max = 100'000) {
    EXPECT_EQ(form(code).reason, CodeReason::none);
    return ground.checked(code, steps_max);
}

TEST(CodeInterpreter, ConformanceSuite) {
    const auto vectors = conformance_vectors();
    if (vectors.empty()) GTEST_SKIP() << "skipped: no data";
    unsigned passed = 0;
    for (const Vector& vector : vectors) {
        if (vector.uses_register_call) {
            EXPECT_EQ(form(vector.code).reason, CodeReason::register_call) << vector.name;
            continue;
        }
        for (const bool check : {true, false}) {
            Ground ground{vector.memory};
            if (check) {
                const Outcome outcome = checked(vector.code, ground);
                EXPECT_EQ(outcome.fault.reason, CodeReason::none) << vector.name;
                EXPECT_EQ(outcome.result, vector.result) << vector.name;
            } else {
                EXPECT_EQ(interpret(vector.code, ground.run()), vector.result) << vector.name;
            }
        }
        ++passed;
    }
    EXPECT_EQ(passed + 1, vectors.size());
}

TEST(CodeInterpreter, NothingLeavesTheWindows) {
    std::array<std::byte, 16> bytes{};
    Ground ground;
    ground.windows = {{bytes.data() + 4, 8, false}};
    const auto reason = [&ground](const Code& code) { return checked(code, ground).fault; };
    const CodeFault outside{0, CodeReason::access_outside};
    EXPECT_EQ(reason({load_word(0, 1, 0), leave()}), CodeFault{});
    EXPECT_EQ(reason({load_word(0, 1, 1), leave()}), outside);
    EXPECT_EQ(reason({load_byte(0, 1, -1), leave()}), outside);
    EXPECT_EQ(reason({load_byte(0, 1, 7), leave()}), CodeFault{});
    EXPECT_EQ(reason({load_byte(0, 1, 8), leave()}), outside);
    EXPECT_EQ(reason({store_byte(1, 0, 2), leave()}), (CodeFault{0, CodeReason::read_only}));
    EXPECT_EQ(reason({store_word(10, -512, 2), leave()}), CodeFault{});
    EXPECT_EQ(reason({store_word(10, -513, 2), leave()}), outside);
    EXPECT_EQ(reason({store_word(10, -7, 2), leave()}), outside);
    EXPECT_EQ(reason({make(0xdb, 10, 0, -9, 0), leave()}),
              (CodeFault{0, CodeReason::misaligned_atomic}));
    ground.windows[0].writable = true;
    EXPECT_EQ(reason({store_byte(1, 0, 2), leave()}), CodeFault{});
}

TEST(CodeInterpreter, StepsAndDepthAreLimited) {
    Ground ground;
    EXPECT_EQ(checked({jump(-1)}, ground).fault, (CodeFault{0, CodeReason::step_limit}));
    const Outcome three = checked({mov(0, 7), add(0, 1), leave()}, ground, 3);
    EXPECT_EQ(three.fault, CodeFault{});
    EXPECT_EQ(three.result, 8u);
    EXPECT_EQ(three.steps, 3u);
    EXPECT_EQ(checked({mov(0, 7), add(0, 1), leave()}, ground, 2).fault,
              (CodeFault{2, CodeReason::step_limit}));
    EXPECT_EQ(checked({call_local(-1), leave()}, ground).fault,
              (CodeFault{0, CodeReason::calls_too_deep}));
    EXPECT_EQ(checked({call(6), leave()}, ground).fault,
              (CodeFault{0, CodeReason::unknown_helper}));
}

// A caller's frame is lower in nothing: the callee's begins where the caller's ends.
TEST(CodeInterpreter, LocalCallsHaveFramesOfTheirOwn) {
    Ground ground;
    const Code code{mov(6, 3),          store_word(10, -8, 6), call_local(2), load_word(0, 10, -8),
                    leave(),            mov(6, 99),            store_word(10, -8, 6),
                    load_word(0, 10, -8), leave()};
    EXPECT_EQ(checked(code, ground).result, 3u);
    const Code below{call_local(1), leave(), load_word(0, 10, -520), leave()};
    EXPECT_EQ(checked(below, ground).fault, (CodeFault{2, CodeReason::access_outside}));
}

}  // namespace
}  // namespace tests::code
