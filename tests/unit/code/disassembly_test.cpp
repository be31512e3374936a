// Disassembly and hexadecimal text.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <set>

#include "sim/testbed/bpf/disassembly.hpp"
#include "sim/testbed/bpf/hex.hpp"
#include "tests/unit/code/programs.hpp"

namespace tests::code {
namespace {

using sim::testbed::bpf::bytes_of_hex;
using sim::testbed::bpf::text_of;

TEST(CodeDisassembly, TheKernelsDocumentationsLanguage) {
    struct Case {
        Instruction instruction;
        const char* text;
    };
    const Case cases[] = {
        {mov(1, -5), "r1 = -5"},
        {make(0xbc, 1, 2, 0, 0), "w1 = w2"},
        {make(0xbf, 1, 2, 8, 0), "r1 = (s8)r2"},
        {make(0xbc, 1, 2, 16, 0), "w1 = (s16)w2"},
        {make(0x3f, 1, 2, 1, 0), "r1 s/= r2"},
        {make(0x94, 1, 0, 0, 3), "w1 %= 3"},
        {make(0xc7, 9, 0, 0, 3), "r9 s>>= 3"},
        {make(0x87, 3, 0, 0, 0), "r3 = -r3"},
        {make(0xdc, 3, 0, 0, 16), "r3 = be16 r3"},
        {make(0xd4, 3, 0, 0, 64), "r3 = le64 r3"},
        {make(0xd7, 3, 0, 0, 32), "r3 = bswap32 r3"},
        {load_byte(0, 1, 12), "r0 = *(u8 *)(r1 + 12)"},
        {load(0x99 - 0x10, 0, 1, -2), "r0 = *(s16 *)(r1 - 2)"},
        {store_word(10, -8, 6), "*(u64 *)(r10 - 8) = r6"},
        {make(0x62, 1, 0, 4, -1), "*(u32 *)(r1 + 4) = -1"},
        {make(0xdb, 10, 2, -8, 0), "lock *(u64 *)(r10 - 8) += r2"},
        {make(0xc3, 10, 2, -8, 0x51), "w2 = atomic_fetch_and((u32 *)(r10 - 8), w2)"},
        {make(0xdb, 1, 2, 0, 0xe1), "r2 = xchg_64((r1 + 0), r2)"},
        {make(0xc3, 1, 2, 0, 0xf1), "w0 = cmpxchg32_32((r1 + 0), w0, w2)"},
        {jump(2), "goto +2 <3>"},
        {make(0x06, 0, 0, 0, -1), "gotol -1 <0>"},
        {jump_if(0x25, 3, 7, 1), "if r3 > 7 goto +1 <2>"},
        {make(0x6e, 3, 4, -1, 0), "if w3 s> w4 goto -1 <0>"},
        {make(0x45, 3, 0, 1, 4), "if r3 & 4 goto +1 <2>"},
        {call(5), "call 5"},
        {call_local(3), "call pc+3 <4>"},
        {leave(), "exit"},
        {make(0x8d, 1, 0, 0, 0), "callx r1"},
        {make(0x85, 0, 2, 0, 7), "call btf 7"},
        {make(0x28, 0, 0, 0, 12), "r0 = *(u16 *)skb[12]"},
        {make(0x50, 0, 3, 0, 4), "r0 = *(u8 *)skb[r3 + 4]"},
        {make(0xff, 1, 0, 0, 0), "?? ff01000000000000"},
    };
    for (const Case& one : cases) EXPECT_EQ(text_of({&one.instruction, 1}, 0), one.text);
    const Code wide{make(0x18, 2, 0, 0, -1), make(0, 0, 0, 0, 1), leave()};
    EXPECT_EQ(text_of(wide, 0), "r2 = 0x1ffffffff ll");
    EXPECT_EQ(text_of(std::span{wide}.first(1), 0), "?? 18020000ffffffff");
}

// Whatever is well-formed has a text of its own; nothing else has one.
TEST(CodeDisassembly, EveryOpcodeReadsDifferently) {
    std::set<std::string> texts;
    std::size_t known = 0;
    for (unsigned opcode = 0; opcode < 256; ++opcode) {
        const Code code{make(static_cast<std::uint8_t>(opcode), 1, 2, 0, 0)};
        const std::string text = text_of(code, 0);
        texts.insert(text);
        known += text.starts_with("??") ? 0 : 1;
    }
    EXPECT_EQ(texts.size(), 256u);
    EXPECT_GT(known, 50u);
}

// Any bytes can be looked at: no crash, and a line for each unit.
TEST(CodeDisassembly, RandomBytes) {
    std::mt19937_64 draw{1};
    for (int round = 0; round < 20'000; ++round) {
        Code code(1 + draw() % 12);
        for (Instruction& i : code) {
            const std::uint64_t bytes = draw();
            std::memcpy(&i, &bytes, sizeof i);
            if (draw() % 2 == 0) i.registers = static_cast<std::uint8_t>(i.registers & 0x77);
            if (draw() % 2 == 0) i.offset = 0;
            if (draw() % 2 == 0) i.imm = 0;
        }
        const std::string text = sim::testbed::bpf::listing(code);
        EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(text, '\n')), code.size());
        const auto fault = kernel::code::form(code);
        EXPECT_LT(fault.instruction, code.size());
    }
}

TEST(CodeHex, BytesAndTheirErrors) {
    EXPECT_EQ(bytes_of_hex(" aA\n0b ")->size(), 2u);
    EXPECT_TRUE(bytes_of_hex("")->empty());
    EXPECT_EQ(bytes_of_hex("aab").error(),
              "character 4: expected two hexadecimal digits a byte, found the end");
    EXPECT_EQ(bytes_of_hex("aa b c").error(),
              "character 5: expected two hexadecimal digits a byte, found \" \"");
    EXPECT_EQ(bytes_of_hex("0x12").error(),
              "character 2: expected two hexadecimal digits a byte, found \"x\"");
}

}  // namespace
}  // namespace tests::code
