/// Logarithm and power of two against long double, within the bounds that their header states.
#include <gtest/gtest.h>

#include <cmath>

#include "libos/load/fixed_math.hpp"
#include "libos/load/random.hpp"

namespace {

using namespace libos::load;

constexpr int draws = 200'000;

void expect_log2(std::uint64_t number) {
    const long double exact = std::log2(static_cast<long double>(number));
    const long double got = std::ldexp(static_cast<long double>(log2(number)), -48);
    const long double rounding = 0x1p-58L;  // of long double itself
    ASSERT_LE(got, exact + rounding) << number;
    ASSERT_GE(got, exact - 0x1p-47L) << number;
}

TEST(FixedMath, Log2WithinItsBound) {
    for (int bit = 0; bit < 64; ++bit) {
        EXPECT_EQ(log2(std::uint64_t{1} << bit), Log(bit) << log_bits);
        expect_log2((std::uint64_t{1} << bit) + 1);
        expect_log2(~std::uint64_t{0} >> bit);
    }
    Random random{1};
    for (int i = 0; i < draws; ++i) expect_log2((random.draw() >> (i % 63)) | 1);
}

TEST(FixedMath, MinusLog2IsTheRestTo64) {
    EXPECT_EQ(minus_log2(std::uint64_t{1} << 63), Log{1} << log_bits);
    EXPECT_EQ(minus_log2(1), Log{64} << log_bits);
}

TEST(FixedMath, Exp2WithinItsBound) {
    EXPECT_EQ(exp2_minus(0), std::uint64_t{1} << 63);
    EXPECT_EQ(exp2_minus(Log{64} << log_bits), 0u);
    Random random{2};
    for (int i = 0; i < draws; ++i) {
        const Log exponent = random.draw() >> (10 + i % 40);
        const long double exact =
            std::exp2(63 - std::ldexp(static_cast<long double>(exponent), -48));
        const auto got = static_cast<long double>(exp2_minus(exponent));
        ASSERT_LE(got, exact * (1 + 0x1p-60L)) << exponent;
        ASSERT_GE(got, exact * (1 - 0x1p-55L) - 1) << exponent;
    }
}

TEST(FixedMath, TimesExp2SaturatesAndInvertsTheLogarithm) {
    EXPECT_EQ(times_exp2(1000, 0), 1000u);
    EXPECT_EQ(times_exp2(1000, Log{3} << log_bits), 8000u);
    EXPECT_EQ(times_exp2(2, Log{62} << log_bits), std::uint64_t{1} << 63);
    EXPECT_EQ(times_exp2(0, Log{100} << log_bits), 0u);
    EXPECT_EQ(times_exp2(5, Log{100} << log_bits), std::uint64_t{1} << 63);
    Random random{3};
    for (int i = 0; i < draws; ++i) {
        const std::uint64_t number = (random.draw() >> (1 + i % 62)) | 1;
        const auto back = static_cast<long double>(times_exp2(1, log2(number)));
        const auto exact = static_cast<long double>(number);
        ASSERT_LE(std::abs(back - exact), 1 + exact * 0x1p-47L);
    }
}

TEST(FixedMath, MinusLnRoundsToTheNearest) {
    Random random{4};
    for (int i = 0; i < draws; ++i) {
        const std::uint64_t fraction = random.draw() | 1;
        const long double exact =
            -1e9L * std::log(std::ldexp(static_cast<long double>(fraction), -64));
        const auto got = static_cast<long double>(times_minus_ln(1'000'000'000, fraction));
        ASSERT_LE(std::abs(got - exact), 0.50001L);
    }
}

}  // namespace
