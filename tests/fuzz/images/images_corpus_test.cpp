// The kept images: none is a finding, and they get deep: mounted, found damaged, and repaired.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/fuzz/corpus.hpp"
#include "tests/fuzz/images/images_run.hpp"

namespace tests::fuzz {
namespace {

TEST(ImagesCorpus, FindsNothing) {
    const std::string path = CHITIN_SOURCE "/tests/fuzz/images/images.corpus";
    EXPECT_LE(std::filesystem::file_size(path), 300'000u);
    struct Ends {
        unsigned mounted, problems, repaired;
    };
    Ends ends[images_count] = {};
    for (const Input& input : corpus_of(path)) {
        ASSERT_EQ(run_image(input), "") << hex_of(input);
        Ends& of = ends[input.empty() ? 0 : input[0] % images_count];
        of.mounted += image_end().mounted ? 1 : 0;
        of.problems += image_end().problems ? 1 : 0;
        of.repaired += image_end().repaired ? 1 : 0;
    }
    for (unsigned i = 0; i < images_count; ++i) {
        EXPECT_GT(ends[i].mounted, 0u) << "image " << i;
        EXPECT_GT(ends[i].problems, 0u) << "image " << i;
        EXPECT_GT(ends[i].repaired, 0u) << "image " << i;
    }
}

// Without edits there is nothing to find, or the edits are not what is looked at.
TEST(ImagesCorpus, WholeImagesAreWhole) {
    for (std::uint8_t i = 0; i < images_count; ++i) {
        const std::uint8_t input[] = {i, 0};
        EXPECT_EQ(run_image(input), "");
        EXPECT_TRUE(image_end().mounted);
        EXPECT_FALSE(image_end().problems) << "image " << unsigned{i};
    }
}

}  // namespace
}  // namespace tests::fuzz
