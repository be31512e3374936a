// Values: whatever an instruction computes from members of two sets is a member of the set that
// verification computes from the sets; and what a branch teaches excludes nothing that can be.
#include <gtest/gtest.h>

#include <random>

#include "kernel/code/arithmetic.hpp"
#include "kernel/code/verify/value.hpp"
#include "tests/unit/code/programs.hpp"

namespace tests::code {
namespace {

using namespace kernel::code;
using verify::Value;

bool member(const Value& set, std::uint64_t number) {
    const auto with_sign = static_cast<std::int64_t>(number);
    return set.number() && ((number ^ set.bits.known) & ~set.bits.unknown) == 0 &&
           set.umin <= number && number <= set.umax && set.smin <= with_sign &&
           with_sign <= set.smax;
}

class CodeValue : public testing::Test {
protected:
    static constexpr int rounds = 400'000;

    std::uint64_t number() {
        constexpr std::uint64_t corners[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 1ull << 32,
                                             1ull << 63, (1ull << 63) - 1, ~0ull};
        switch (draw_() % 4) {
            case 0: return corners[draw_() % std::size(corners)] + draw_() % 3 - 1;
            case 1: return draw_() % 256;
            case 2: return static_cast<std::uint32_t>(draw_());
            default: return draw_();
        }
    }

    // A random set that `number` is a member of.
    Value around(std::uint64_t number) {
        Value set = verify::any_number();
        const auto with_sign = static_cast<std::int64_t>(number);
        if (draw_() % 4 == 0) return verify::constant(number);
        if (draw_() % 2 == 0) {
            const std::uint64_t a = this->number();
            const std::uint64_t b = this->number();
            set.umin = std::min({a, b, number});
            set.umax = std::max({a, b, number});
        }
        if (draw_() % 2 == 0) {
            const auto a = static_cast<std::int64_t>(this->number());
            const auto b = static_cast<std::int64_t>(this->number());
            set.smin = std::min({a, b, with_sign});
            set.smax = std::max({a, b, with_sign});
        }
        if (draw_() % 2 == 0) {
            set.bits.unknown = this->number();
            set.bits.known = number & ~set.bits.unknown;
        }
        EXPECT_TRUE(verify::settle(set));
        EXPECT_TRUE(member(set, number));
        return set;
    }

    Instruction arithmetic() {
        constexpr std::uint8_t swaps[] = {0xd4, 0xdc, 0xd7};
        constexpr std::int16_t extensions[] = {0, 8, 16, 32};
        if (draw_() % 8 == 0) return make(swaps[draw_() % 3], 0, 0, 0, 16 << draw_() % 3);
        const auto operation = static_cast<unsigned>(draw_() % 13);
        const bool wide = draw_() % 2 == 0;
        std::int16_t offset = 0;
        if (operation == 3 || operation == 9) offset = draw_() % 2 == 0;
        if (operation == 11) offset = extensions[draw_() % (wide ? 4 : 3)];
        return make(static_cast<std::uint8_t>(operation << 4 | (wide ? 7 : 4)), 0, 0, offset, 0);
    }

    Instruction branch() {
        constexpr std::uint8_t conditions[] = {1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13};
        const auto condition = conditions[draw_() % std::size(conditions)];
        return make(static_cast<std::uint8_t>(condition << 4 | (draw_() % 2 == 0 ? 5 : 6)), 0, 0,
                    0, 0);
    }

    std::mt19937_64 draw_{1};
};

TEST_F(CodeValue, ArithmeticKeepsEveryMember) {
    for (int round = 0; round < rounds && !HasFailure(); ++round) {
        const std::uint64_t a = number();
        const std::uint64_t b = number();
        const Instruction i = arithmetic();
        const Value result = verify::arithmetic(i, around(a), around(b));
        const std::uint64_t exact = computed(i, a, b);
        EXPECT_TRUE(member(result, exact))
            << "round " << round << ": opcode " << std::hex << int{i.opcode} << " offset "
            << i.offset << " of " << a << " and " << b << " is " << exact;
    }
}

TEST_F(CodeValue, LowBytesKeepEveryMember) {
    for (int round = 0; round < rounds && !HasFailure(); ++round) {
        const std::uint64_t a = number();
        const unsigned bytes = 1u << draw_() % 4;
        const std::uint64_t mask = bytes == 8 ? ~0ull : (1ull << 8 * bytes) - 1;
        const Value set = around(a);
        EXPECT_TRUE(member(verify::low_bytes(set, bytes), a & mask)) << a << " " << bytes;
        EXPECT_TRUE(member(verify::signed_low_bytes(set, bytes),
                           sign_extend(a, static_cast<int>(8 * bytes))))
            << a << " " << bytes;
    }
}

TEST_F(CodeValue, BranchesExcludeNothingThatCanBe) {
    for (int round = 0; round < rounds && !HasFailure(); ++round) {
        const std::uint64_t a = number();
        const std::uint64_t b = draw_() % 4 == 0 ? a : number();
        Value set_a = around(a);
        Value set_b = around(b);
        const Instruction i = branch();
        EXPECT_TRUE(verify::assume(i, holds(i, a, b), set_a, set_b)) << std::hex << a << " " << b;
        EXPECT_TRUE(member(set_a, a)) << std::hex << int{i.opcode} << " " << a << " " << b;
        EXPECT_TRUE(member(set_b, b)) << std::hex << int{i.opcode} << " " << a << " " << b;
    }
}

// Knowledge is not only sound but there: exact where it can be.
TEST_F(CodeValue, BranchesTeach) {
    Value length = verify::any_number();
    Value limit = verify::constant(14);
    const Instruction below = make(0xa5, 0, 0, 0, 0);
    Value other = length;
    ASSERT_TRUE(verify::assume(below, true, length, limit));
    EXPECT_EQ(length.umax, 13u);
    ASSERT_TRUE(verify::assume(below, false, other, limit));
    EXPECT_EQ(other.umin, 14u);
    EXPECT_FALSE(verify::assume(below, true, other, limit));
    EXPECT_TRUE(verify::contains(verify::any_number(), other));
    EXPECT_FALSE(verify::contains(other, verify::any_number()));
}

}  // namespace
}  // namespace tests::code
