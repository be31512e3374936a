// The kept corpus: no input of it is a finding, each has one history, and the same on the image.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "scenarios/programs/sequence_steps.hpp"
#include "sim/testbed/boot/run_bare.hpp"
#include "tests/fuzz/calls_run.hpp"
#include "tests/fuzz/listing.hpp"

namespace tests::fuzz {
namespace {

namespace fs = std::filesystem;
using namespace scenarios::sequence;

constexpr std::size_t shards = 4;
constexpr std::size_t corpus_bytes_max = 200'000;

std::string corpus_path() { return CHITIN_SOURCE "/tests/fuzz/calls.corpus"; }

class Corpus : public testing::TestWithParam<std::size_t> {};

TEST_P(Corpus, FindsNothingAndHasOneHistory) {
    const std::vector<Bytes> corpus = read_corpus(corpus_path());
    ASSERT_GE(corpus.size(), shards);
    for (std::size_t i = GetParam(); i < corpus.size(); i += shards) {
        const Verdict first = run(corpus[i]);
        ASSERT_EQ(first.finding, "") << text_of(corpus[i]) << '\n' << listing_of(corpus[i]);
        const Verdict second = run(corpus[i]);
        ASSERT_EQ(first.result.trace_hash, second.result.trace_hash)
            << text_of(corpus[i]) << '\n' << listing_of(corpus[i]);
    }
}

INSTANTIATE_TEST_SUITE_P(Shards, Corpus, testing::Range(std::size_t{0}, shards));

TEST(CorpusFile, IsSmallAndHasEveryCall) {
    EXPECT_LE(fs::file_size(corpus_path()) / 2, corpus_bytes_max);
    std::set<unsigned> operations;
    for (const Bytes& sequence : read_corpus(corpus_path())) {
        for (std::size_t i = 0; i < count_of(sequence); ++i) {
            operations.insert(step_of(sequence, i).operation);
        }
    }
    EXPECT_EQ(operations.size(), operation_count);
}

bool interferes(const Bytes& sequence) {
    for (std::size_t i = 0; i < count_of(sequence); ++i) {
        if (step_of(sequence, i).operation == interfere) return true;
    }
    return false;
}

std::vector<std::byte> read_file(const fs::path& path) {
    std::ifstream file{path, std::ios::binary};
    const std::vector<char> bytes{std::istreambuf_iterator<char>{file}, {}};
    const auto* first = reinterpret_cast<const std::byte*>(bytes.data());
    return {first, first + bytes.size()};
}

// Every eighth input that asks for no interference, which the image has not.
std::vector<Bytes> for_the_image() {
    constexpr std::size_t stride = 8;
    std::vector<Bytes> corpus = read_corpus(corpus_path());
    std::erase_if(corpus, interferes);
    std::vector<Bytes> chosen;
    for (std::size_t i = 0; i < corpus.size(); i += stride) chosen.push_back(corpus[i]);
    return chosen;
}

TEST(CorpusOnTheImage, SameHistoryAsHosted) {
    const char* given = std::getenv("CHITIN_IMAGE");
    const fs::path folder =
        given != nullptr ? fs::path{given}.parent_path() : fs::path{CHITIN_IMAGE_FOLDER};
    const fs::path program = folder / "programs" / "sequence.elf";
    if (!fs::exists(program)) {
        ASSERT_EQ(given, nullptr) << "CHITIN_IMAGE is set, and there are no programs beside it";
        GTEST_SKIP() << "skipped: no image: ./chitin build image";
    }
    const std::vector<Bytes> chosen = for_the_image();
    const sim::testbed::ProgramFile programs[] = {{"sequence", read_file(program)}};
    sim::testbed::boot::BareOptions options;
    options.image = (folder / "chitin.elf").string();
    options.cell_seconds_max = 60;
    const auto bare =
        sim::testbed::boot::run_bare(bundle_of(chosen, false, programs), options);
    ASSERT_TRUE(bare) << bare.error();
    ASSERT_EQ(bare->size(), chosen.size());
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        SCOPED_TRACE(text_of(chosen[i]) + "\n" + listing_of(chosen[i]));
        const auto hosted = run(chosen[i]).result;
        const auto& image = (*bare)[i];
        EXPECT_EQ(image.error, "");
        EXPECT_EQ(image.outcome.frames_lost, 0u);
        EXPECT_EQ(image.outcome.time_ns, hosted.outcome.time_ns);
        ASSERT_EQ(image.envs.size(), hosted.envs.size());
        for (std::size_t env = 0; env < hosted.envs.size(); ++env) {
            EXPECT_EQ(image.envs[env].info.history_hash, hosted.envs[env].info.history_hash)
                << "environment " << env;
        }
    }
}

}  // namespace
}  // namespace tests::fuzz
