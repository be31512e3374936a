// The compiler: the suite's results, code that is never writable and executable, and its limits.
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/code/compiled.hpp"
#include "tests/unit/code/ground.hpp"

namespace tests::code {
namespace {

using namespace kernel::code;

TEST(CodeJit, ConformanceSuite) {
    const auto vectors = conformance_vectors();
    if (vectors.empty()) GTEST_SKIP() << "skipped: no data";
    for (const Vector& vector : vectors) {
        if (vector.uses_register_call) continue;
        Ground ground{vector.memory};
        const CompiledCode compiled{vector.code, ground.run().helpers};
        EXPECT_EQ(compiled.call(ground.run()), vector.result) << vector.name;
    }
}

TEST(CodeJit, WorksWhereverItLies) {
    Ground ground;
    const Code code{mov(8, 5), mov(6, 3), call_local(3), add(6, -1), jump_if(0x55, 6, 0, -3),
                    leave(),   mov(0, 7), leave()};
    CompiledCode compiled{code, {}};
    EXPECT_EQ(compiled.call(ground.run()), 7u);
    EXPECT_EQ(compiled.moved_by(64).call(ground.run()), 7u);
}

TEST(CodeJit, RefusesWhatDoesNotFit) {
    const Code code{mov(0, 1), call(5), leave()};
    std::vector<std::uint32_t> offsets(code.size());
    std::vector<std::byte> output(jit::output_bytes_max(code.size()));
    const std::span helpers{&suite_helper, 1};
    const auto compiled = jit::compile(code, helpers, offsets, output);
    ASSERT_EQ(compiled.fault, CodeFault{});
    EXPECT_GT(compiled.bytes, 0u);
    const std::span small{output.data(), compiled.bytes - 1};
    EXPECT_EQ(jit::compile(code, helpers, offsets, small).fault.reason, CodeReason::no_room);
    EXPECT_EQ(jit::compile(code, helpers, offsets, {output.data(), compiled.bytes}).fault,
              CodeFault{});
    EXPECT_EQ(jit::compile(code, {}, offsets, output).fault,
              (CodeFault{1, CodeReason::unknown_helper}));
}

// The longest sequences, as many as a program may have, and jumps over all of them.
TEST(CodeJit, LongestProgram) {
    for (const Instruction& filler :
         {make(0x3f, 3, 2, 1, 0), make(0x9f, 0, 8, 1, 0), make(0xdb, 10, 8, -8, 0x41)}) {
        Code code{mov(0, 0), mov(2, 9), mov(3, 3), mov(8, 7), store_word(10, -8, 0)};
        const auto count = static_cast<std::int16_t>(instructions_max - code.size() - 2);
        code.push_back(jump_if(0x55, 0, 0, count));
        code.insert(code.end(), static_cast<std::size_t>(count), filler);
        code.push_back(leave());
        ASSERT_EQ(form(code).reason, CodeReason::none);
        Ground ground;
        const CompiledCode compiled{code, {}};
        EXPECT_LE(compiled.bytes(), jit::output_bytes_max(code.size()));
        EXPECT_EQ(compiled.call(ground.run()), interpret(code, ground.run()));
    }
}

// A program that loads r0 to r9 from the window, executes `middle`, and folds all of them and the
// word at r10 - 88 into r0.
Code around(const Code& middle) {
    constexpr std::int16_t word_at = -88;
    Code code;
    for (const unsigned reg : {0, 2, 3, 4, 5, 6, 7, 8, 9, 1}) {
        code.push_back(load_word(reg, 1, static_cast<std::int16_t>(8 * reg)));
    }
    code.push_back(store_word(10, word_at, 3));
    code.insert(code.end(), middle.begin(), middle.end());
    for (unsigned reg = 0; reg < 10; ++reg) {
        const int at = -8 * static_cast<int>(reg + 1);
        code.push_back(store_word(10, static_cast<std::int16_t>(at), reg));
    }
    code.push_back(mov(0, 0));
    for (int at = word_at; at < 0; at += 8) {
        code.push_back(load_word(1, 10, static_cast<std::int16_t>(at)));
        code.push_back(make(0x27, 0, 0, 0, 31));
        code.push_back(make(0xaf, 0, 1, 0, 0));
    }
    code.push_back(leave());
    return code;
}

// The window for around(): numbers that are interesting in every place.
std::vector<std::byte> numbers(std::uint64_t seed) {
    constexpr std::uint64_t corners[] = {0, 1, ~0ull, 31, 64, 1ull << 63, 0x80000000, 0xffffffff};
    std::mt19937_64 draw{seed};
    std::vector<std::byte> bytes(80);
    for (std::size_t i = 0; i < 10; ++i) {
        const std::uint64_t chosen =
            draw() % 2 == 0 ? corners[draw() % std::size(corners)] : draw() >> draw() % 64;
        std::memcpy(&bytes[8 * i], &chosen, sizeof chosen);
    }
    return bytes;
}

void expect_same(const Code& middle, std::span<Ground> grounds) {
    const Code code = around(middle);
    ASSERT_EQ(form(code).reason, CodeReason::none) << int{middle.back().opcode};
    const CompiledCode compiled{code, {}};
    for (Ground& ground : grounds) {
        EXPECT_EQ(compiled.call(ground.run()), interpret(code, ground.run()))
            << "opcode " << std::hex << int{middle.back().opcode} << " registers "
            << int{middle.back().registers} << " offset " << middle.back().offset << " imm "
            << middle.back().imm;
    }
}

class CodeJitRegisters : public testing::Test {
protected:
    void SetUp() override {
        for (std::uint64_t seed = 1; seed <= 12; ++seed) grounds_.emplace_back(numbers(seed));
    }
    std::vector<Ground> grounds_;
};

// Every arithmetic instruction with every pair of registers: no register is special.
TEST_F(CodeJitRegisters, Arithmetic) {
    for (unsigned opcode = 0; opcode < 256; ++opcode) {
        const auto kind = class_of(static_cast<std::uint8_t>(opcode));
        if (kind != Class::alu && kind != Class::alu64) continue;
        for (const int choice : {0, 1, 8, 16, 32}) {
            const auto offset = static_cast<std::int16_t>(choice);
            for (const std::int32_t imm : {0, 1, -1, 16, 32, 64, 77'777}) {
                const Instruction probe =
                    make(static_cast<std::uint8_t>(opcode), 0, 0, offset, imm);
                const Code whole{probe, leave()};
                if (form(whole).reason != CodeReason::none) continue;
                const bool two =
                    source_is_register(probe.opcode) && alu_of(probe.opcode) != Alu::end;
                for (unsigned pair = 0; pair < (two ? 100 : 10); ++pair) {
                    expect_same({make(probe.opcode, pair % 10, pair / 10, offset, imm)}, grounds_);
                }
            }
        }
    }
}

TEST_F(CodeJitRegisters, Branches) {
    for (unsigned opcode = 0; opcode < 256; ++opcode) {
        const Instruction probe = make(static_cast<std::uint8_t>(opcode), 0, 0, 0, 0);
        const Code whole{probe, leave()};
        if (form(whole).reason != CodeReason::none || !branches(probe)) continue;
        const bool two = source_is_register(probe.opcode);
        for (const std::int32_t imm : {0, 1, -1, 31, 77'777}) {
            if (two && imm != 0) continue;
            for (unsigned pair = 0; pair < (two ? 100 : 10); ++pair) {
                const Instruction i = make(probe.opcode, pair % 10, pair / 10, 1, imm);
                expect_same({i, add(9, 5)}, grounds_);
            }
        }
    }
}

TEST_F(CodeJitRegisters, MemoryAndAtomics) {
    for (const unsigned base : {0u, 1u, 5u, 6u, 7u, 9u, 10u}) {
        for (unsigned reg = 0; reg < 10; ++reg) {
            const auto with_base = [&](const Instruction& i) {
                Code code;
                if (base != 10) code.push_back(copy(base, 10));
                code.push_back(i);
                if (base != 10) code.push_back(mov(base, 0));
                expect_same(code, grounds_);
            };
            for (const int load : {0x61, 0x69, 0x71, 0x79, 0x81, 0x89, 0x91}) {
                with_base(make(static_cast<std::uint8_t>(load), reg, base, -88, 0));
            }
            if (reg == base) continue;
            for (const int store : {0x63, 0x6b, 0x73, 0x7b}) {
                with_base(make(static_cast<std::uint8_t>(store), base, reg, -88, 0));
                with_base(make(static_cast<std::uint8_t>(store - 1), base, 0, -84, -2));
            }
            for (const std::int32_t operation :
                 {0x00, 0x01, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1, 0xf1}) {
                if (operation == 0xf1 && base == 0) continue;  // r0 is compared: no address
                with_base(make(0xc3, base, reg, -88, operation));
                with_base(make(0xdb, base, reg, -88, operation));
            }
        }
    }
}

using CodeJitDeathTest = testing::Test;
TEST(CodeJitDeathTest, CodeIsNeverWritableAndExecutable) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    auto memory = sim::host::CodeMemory::create(1);
    ASSERT_TRUE(memory.has_value());
    std::byte* const first = memory->memory().data();
    *first = std::byte{0xc3};
    const auto call = reinterpret_cast<void (*)()>(first);
    EXPECT_DEATH(call(), "");
    ASSERT_TRUE(memory->seal());
    call();
    EXPECT_DEATH(*static_cast<volatile std::byte*>(first) = std::byte{0}, "");
}

}  // namespace
}  // namespace tests::code
