/// Arrivals and service times: moments and quantiles within confidence intervals, under seeds that
/// are fixed, so that a test that passes keeps passing.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "libos/load/arrivals.hpp"
#include "libos/load/service.hpp"

namespace {

using namespace libos::load;

constexpr int draws = 400'000;
constexpr double deviations = 4;

std::vector<double> sizes_of(Service service, std::uint64_t seed = 1) {
    Random random{seed, 1};
    std::vector<double> sizes;
    for (int i = 0; i < draws; ++i) {
        sizes.push_back(static_cast<double>(service.draw(random).value));
    }
    return sizes;
}

double mean_of(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
}

double variance_of(const std::vector<double>& values) {
    const double mean = mean_of(values);
    double sum = 0;
    for (const double value : values) sum += (value - mean) * (value - mean);
    return sum / static_cast<double>(values.size() - 1);
}

void expect_mean(const std::vector<double>& values, double expected) {
    const double error = std::sqrt(variance_of(values) / static_cast<double>(values.size()));
    EXPECT_NEAR(mean_of(values), expected, deviations * error + 0.5);
}

/// The share of values at or below `limit`.
void expect_share(const std::vector<double>& values, double limit, double expected) {
    double below = 0;
    for (const double value : values) below += value <= limit ? 1 : 0;
    const auto count = static_cast<double>(values.size());
    EXPECT_NEAR(below / count, expected,
                deviations * std::sqrt(expected * (1 - expected) / count) + 1e-9);
}

TEST(Service, FixedAndTrace) {
    Random random{1};
    Service fixed = Service::fixed(Nanoseconds{70});
    EXPECT_EQ(fixed.draw(random).value, 70u);
    const Nanoseconds sizes[] = {Nanoseconds{5}, Nanoseconds{0}, Nanoseconds{9}};
    Service trace = Service::trace(sizes);
    for (const std::uint64_t size : {5u, 1u, 9u, 5u}) EXPECT_EQ(trace.draw(random).value, size);
    EXPECT_EQ(trace.mean().value, 4u);
}

TEST(Service, Exponential) {
    const auto sizes = sizes_of(Service::exponential(Nanoseconds{100'000}));
    expect_mean(sizes, 1e5);
    EXPECT_NEAR(variance_of(sizes), 1e10, deviations * 1e10 * std::sqrt(8.0 / draws));
    for (const double limit : {1e3, 5e4, 1e5, 3e5, 8e5}) {
        expect_share(sizes, limit, 1 - std::exp(-limit / 1e5));
    }
}

TEST(Service, Bimodal) {
    const Service service = Service::bimodal(Nanoseconds{500}, Nanoseconds{500'000}, 5000);
    EXPECT_EQ(service.mean().value, 2997u);
    const auto sizes = sizes_of(service);
    expect_mean(sizes, 2997.5);
    expect_share(sizes, 500, 0.995);
}

TEST(Service, Pareto) {
    constexpr double least = 1000, most = 1e8;
    for (const std::uint32_t milli : {500u, 1000u, 1001u, 1500u, 2500u, 9000u}) {
        const double alpha = milli / 1000.0;
        const Service service =
            Service::pareto(Nanoseconds{1000}, Nanoseconds{100'000'000}, milli);
        const double whole = 1 - std::pow(least / most, alpha);
        const double mean =
            milli == 1000 ? least * std::log(most / least) / whole
                          : least * alpha / (alpha - 1) *
                                (1 - std::pow(least / most, alpha - 1)) / whole;
        EXPECT_NEAR(static_cast<double>(service.mean().value), mean, 1 + mean * 1e-9) << milli;
        const auto sizes = sizes_of(service);
        expect_mean(sizes, mean);
        for (const double limit : {1100.0, 2000.0, 1e4, 1e6}) {
            expect_share(sizes, limit + 0.5, (1 - std::pow(least / (limit + 1), alpha)) / whole);
        }
        for (const double size : sizes) ASSERT_TRUE(size >= least && size <= most);
    }
}

TEST(Service, StreamsOfOnePurposeAreTheSameAndOfTwoAreNot) {
    Random one{7, 1}, same{7, 1}, other{7, 2};
    const std::uint64_t drawn = one.draw();
    EXPECT_EQ(drawn, same.draw());
    EXPECT_NE(drawn, other.draw());
}

template <typename Stream>
std::vector<double> gaps_of(Stream stream) {
    std::vector<double> gaps;
    Instant last{0};
    for (int i = 0; i < draws; ++i) {
        const Instant next = stream.next();
        EXPECT_GE(next.value, last.value);
        gaps.push_back(static_cast<double>(next.value - last.value));
        last = next;
    }
    return gaps;
}

TEST(Arrivals, Poisson) {
    const auto gaps = gaps_of(Poisson{Random{3}, Instant{0}, Nanoseconds{10'000}});
    expect_mean(gaps, 1e4);
    expect_share(gaps, 6931.5, 0.5);
    double product = 0;  // gaps do not depend on each other
    for (int i = 1; i < draws; ++i) product += (gaps[i] - 1e4) * (gaps[i - 1] - 1e4) / 1e8;
    EXPECT_NEAR(product / draws, 0, deviations / std::sqrt(draws));
}

TEST(Arrivals, BurstyHasTheMeanRateAndClumps) {
    const Phase on{Nanoseconds{100'000}, Nanoseconds{1'000}};
    const Phase off{Nanoseconds{300'000}, Nanoseconds{0}};
    const auto gaps = gaps_of(Bursty{Random{5}, Instant{0}, on, off});
    // A quarter of the time at one a microsecond. Counts of whole bursts vary most.
    const double bursts = draws / 100.0;
    EXPECT_NEAR(mean_of(gaps), 4000, deviations * 4000 * std::sqrt(2 / bursts));
    EXPECT_GT(variance_of(gaps), 4 * 16e6) << "a Poisson stream's would be the mean's square";
}

TEST(Arrivals, BurstyWithEqualPhasesIsPoisson) {
    const Phase phase{Nanoseconds{50'000}, Nanoseconds{10'000}};
    const auto gaps = gaps_of(Bursty{Random{6}, Instant{0}, phase, phase});
    expect_mean(gaps, 1e4);
    EXPECT_NEAR(variance_of(gaps), 1e8, deviations * 1e8 * std::sqrt(8.0 / draws));
}

TEST(Arrivals, TraceEndsWithNever) {
    const Nanoseconds recorded[] = {Nanoseconds{3}, Nanoseconds{3}, Nanoseconds{8}};
    TraceArrivals trace{recorded, Instant{100}};
    for (const Nanoseconds after : recorded) EXPECT_EQ(trace.next(), Instant{100 + after.value});
    EXPECT_EQ(trace.next(), never);
}

TEST(Arrivals, ClosedLoopThinks) {
    ClosedLoop client{Random{8}, Nanoseconds{1000}};
    std::vector<double> thoughts;
    for (int i = 0; i < draws; ++i) {
        thoughts.push_back(static_cast<double>(client.next(Instant{500}).value - 500));
    }
    expect_mean(thoughts, 1000);
}

}  // namespace
