/// The histogram's percentiles against sorted values: at or above, and within its bound.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "libos/load/histogram.hpp"
#include "libos/load/random.hpp"

namespace {

using libos::load::Histogram;
using libos::load::Random;

class Sample {
public:
    explicit Sample(unsigned precision)
        : precision_{precision}, memory_(Histogram::bytes(precision)), arena_{memory_},
          histogram{arena_, precision} {}

    void record(std::uint64_t value) {
        histogram.record(value);
        values.push_back(value);
    }

    void check() {
        std::ranges::sort(values);
        unsigned __int128 sum = 0;
        for (const std::uint64_t value : values) sum += value;
        EXPECT_EQ(histogram.count(), values.size());
        EXPECT_EQ(histogram.max(), values.back());
        EXPECT_EQ(histogram.mean(), static_cast<std::uint64_t>(sum / values.size()));
        for (const std::uint32_t ppm : {0u, 1u, 1000u, 250'000u, 500'000u, 900'000u, 990'000u,
                                        999'000u, 999'900u, 1'000'000u}) {
            const std::uint64_t rank =
                std::max<std::uint64_t>(1, (values.size() * ppm + 999'999) / 1'000'000);
            const std::uint64_t exact = values[rank - 1];
            EXPECT_GE(histogram.percentile(ppm), exact) << ppm;
            EXPECT_LE(histogram.percentile(ppm) - exact, exact >> precision_) << ppm;
        }
    }

private:
    unsigned precision_;
    std::vector<std::byte> memory_;
    kernel::base::Arena arena_;

public:
    Histogram histogram;
    std::vector<std::uint64_t> values;
};

TEST(Histogram, PercentilesWithinTheBoundAtEveryScaleAndPrecision) {
    for (const unsigned precision : {0u, 1u, 3u, 7u, 10u, 14u}) {
        Random random{precision};
        Sample sample{precision};
        for (int i = 0; i < 20'000; ++i) sample.record(random.draw() >> random.below(64));
        sample.check();
    }
}

TEST(Histogram, SmallValuesAreExact) {
    Sample sample{7};
    for (std::uint64_t value = 0; value < 256; ++value) sample.record(value);
    for (std::uint32_t i = 1; i <= 256; ++i) {
        EXPECT_EQ(sample.histogram.percentile(i * 1'000'000 / 256), i - 1);
    }
}

TEST(Histogram, ExtremesHaveABucket) {
    Sample sample{7};
    for (const std::uint64_t value : {std::uint64_t{0}, ~std::uint64_t{0}}) sample.record(value);
    sample.check();
}

TEST(Histogram, NothingRecorded) {
    Sample sample{4};
    EXPECT_EQ(sample.histogram.percentile(500'000), 0u);
    EXPECT_EQ(sample.histogram.mean(), 0u);
}

TEST(Histogram, MergedIsAsIfRecordedInOne) {
    Sample one{7}, other{7}, all{7};
    Random random{9};
    for (int i = 0; i < 10'000; ++i) {
        const std::uint64_t value = random.below(1'000'000'000);
        (i % 3 == 0 ? one : other).record(value);
        all.record(value);
    }
    one.histogram.merge(other.histogram);
    for (const std::uint32_t ppm : {1u, 500'000u, 999'000u}) {
        EXPECT_EQ(one.histogram.percentile(ppm), all.histogram.percentile(ppm));
    }
    EXPECT_EQ(one.histogram.count(), all.histogram.count());
    EXPECT_EQ(one.histogram.mean(), all.histogram.mean());
}

}  // namespace
