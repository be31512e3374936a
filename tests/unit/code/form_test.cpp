// Form: every opcode is either a known one or refused, and unused fields are zero.
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "tests/unit/code/programs.hpp"

namespace tests::code {
namespace {

using kernel::code::CodeFault;
using kernel::code::CodeReason;
using kernel::code::form;

TEST(CodeForm, NothingIsNoProgram) {
    EXPECT_EQ(form({}).reason, CodeReason::no_instructions);
    const Code long_code(kernel::code::instructions_max + 1, leave());
    EXPECT_EQ(form(long_code).reason, CodeReason::too_many_instructions);
    const Code longest(kernel::code::instructions_max, leave());
    EXPECT_EQ(form(longest).reason, CodeReason::none);
}

TEST(CodeForm, FaultsAreNamedAtTheirPlace) {
    struct Case {
        Code code;
        CodeFault fault;
    };
    const Case cases[] = {
        {{mov(0, 0), mov(10, 0), leave()}, {1, CodeReason::writes_frame_pointer}},
        {{mov(11, 0), leave()}, {0, CodeReason::bad_register}},
        {{copy(0, 11), leave()}, {0, CodeReason::bad_register}},
        {{mov(0, 0), jump(1), leave()}, {1, CodeReason::jump_outside}},
        {{mov(0, 0), jump(-3), leave()}, {1, CodeReason::jump_outside}},
        {{jump(1), make(0x18, 0, 0, 0, 1), make(0, 0, 0, 0, 0), leave()},
         {0, CodeReason::jump_into_wide_load}},
        {{make(0x18, 0, 0, 0, 1)}, {0, CodeReason::half_wide_load}},
        {{make(0x18, 0, 0, 0, 1), leave(), leave()}, {0, CodeReason::half_wide_load}},
        {{make(0x18, 1, 1, 0, 1), make(0, 0, 0, 0, 0), leave()}, {0, CodeReason::map_reference}},
        {{leave(), mov(0, 0)}, {1, CodeReason::runs_off_the_end}},
        {{leave(), call_local(-2)}, {1, CodeReason::runs_off_the_end}},
        {{call_local(7), leave()}, {0, CodeReason::jump_outside}},
        {{make(0x8d, 1, 0, 0, 0), leave()}, {0, CodeReason::register_call}},
        {{make(0x85, 0, 2, 0, 1), leave()}, {0, CodeReason::kernel_function_call}},
        {{make(0x20, 0, 0, 0, 0), leave()}, {0, CodeReason::legacy_packet}},
        {{make(0x50, 0, 1, 0, 0), leave()}, {0, CodeReason::legacy_packet}},
        {{make(0xdb, 10, 10, -8, 1), leave()}, {0, CodeReason::writes_frame_pointer}},
        {{make(0xdb, 10, 0, -8, 2), leave()}, {0, CodeReason::bad_operand}},
        {{make(0x37, 0, 0, 2, 1), leave()}, {0, CodeReason::bad_operand}},
        {{make(0xd7, 0, 0, 0, 8), leave()}, {0, CodeReason::bad_operand}},
        {{make(0xbc, 0, 1, 32, 0), leave()}, {0, CodeReason::bad_operand}},
    };
    for (const Case& one : cases) {
        const CodeFault fault = form(one.code);
        EXPECT_EQ(fault.reason, one.fault.reason) << text_of(fault.reason);
        EXPECT_EQ(fault.instruction, one.fault.instruction) << text_of(fault.reason);
    }
}

// RFC 9669 appendix A, counted: with every field free, these opcodes have some accepted encoding.
TEST(CodeForm, OpcodesAreTheRfcs) {
    std::set<unsigned> accepted;
    for (unsigned opcode = 0; opcode < 256; ++opcode) {
        for (const std::int32_t imm : {0, 16, 0x40}) {
            const auto byte = static_cast<std::uint8_t>(opcode);
            const Code code{make(byte, 1, 0, 0, imm), make(0, 0, 0, 0, 0), leave()};
            const Code narrow{make(byte, 0, 0, 0, imm), leave()};
            const bool wide = form(code).reason == CodeReason::none;
            if (wide || form(narrow).reason == CodeReason::none) accepted.insert(opcode);
        }
    }
    // Arithmetic: 12 operations of two sources and neg, twice; swaps: le, be, bswap. Jumps: ja,
    // ja32, 11 conditions of two sources, twice; call, exit. Loads: 4 + 3 sign-extending + wide.
    // Stores: 4 + 4 + 2 atomic.
    EXPECT_EQ(accepted.size(), 2u * (12 * 2 + 1) + 3 + 2 + 2 * 11 * 2 + 2 + 8 + 10);
    EXPECT_FALSE(accepted.contains(0x8d));
}

// The suite's negative tests that are encodings: each must be refused.
TEST(CodeForm, UnusedFieldsOfTheSuiteAreRefused) {
    if (!std::filesystem::exists(data_path("negative"))) GTEST_SKIP() << "skipped: no data";
    std::size_t seen = 0;
    for (const auto& entry : std::filesystem::directory_iterator{data_path("negative")}) {
        if (!entry.path().filename().string().starts_with("unused-")) continue;
        std::ifstream file{entry.path()};
        std::string hex;
        bool raw = false;
        for (std::string line; std::getline(file, line);) {
            if (line.starts_with("--")) raw = line == "-- raw";
            if (!raw || line.starts_with("-") || line.starts_with("#")) continue;
            for (const char c : line.substr(0, line.find('#'))) {
                if (std::isxdigit(static_cast<unsigned char>(c)) != 0) hex += c;
            }
        }
        const CodeFault fault = form(code_of(hex));
        EXPECT_TRUE(fault.reason == CodeReason::unused_field ||
                    fault.reason == CodeReason::bad_operand)
            << entry.path() << ": " << text_of(fault.reason);
        ++seen;
    }
    EXPECT_GT(seen, 40u);
}

TEST(CodeForm, EveryReasonHasWords) {
    std::set<std::string> texts;
    const auto count = static_cast<unsigned>(CodeReason::reason_count);
    for (unsigned i = 0; i < count; ++i) texts.insert(text_of(static_cast<CodeReason>(i)));
    EXPECT_EQ(texts.size(), count);
    EXPECT_FALSE(texts.contains(text_of(CodeReason::reason_count)));
}

}  // namespace
}  // namespace tests::code
