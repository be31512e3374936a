// The kept corpus: no input of it is a finding, each has one history, and the same on the image.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "kernel/abi/upcall.hpp"
#include "scenarios/programs/sequence_steps.hpp"
#include "sim/testbed/boot/run_bare.hpp"
#include "sim/testbed/event_text.hpp"
#include "tests/fuzz/calls_run.hpp"
#include "tests/fuzz/listing.hpp"

namespace tests::fuzz {
namespace {

namespace fs = std::filesystem;
using namespace scenarios::sequence;

constexpr std::size_t shards = 4;
constexpr std::size_t corpus_bytes_max = 200'000;

// CHITIN_CORPUS: another one, to see what it finds.
std::string corpus_path() {
    const char* given = std::getenv("CHITIN_CORPUS");
    return given != nullptr ? given : CHITIN_SOURCE "/tests/fuzz/calls.corpus";
}

class Corpus : public testing::TestWithParam<std::size_t> {};

// The second time after all others, and in the other order: a run leaves nothing behind that a
// later one could see.
TEST_P(Corpus, FindsNothingAndHasOneHistory) {
    const std::vector<Bytes> all = read_corpus(corpus_path());
    std::vector<Bytes> mine;
    for (std::size_t i = GetParam(); i < all.size(); i += shards) mine.push_back(all[i]);
    ASSERT_FALSE(mine.empty());
    std::vector<std::uint64_t> histories;
    for (const Bytes& sequence : mine) {
        const Verdict verdict = run(sequence);
        ASSERT_EQ(verdict.finding, "") << text_of(sequence) << '\n' << listing_of(sequence);
        histories.push_back(verdict.result.trace_hash);
    }
    for (std::size_t i = mine.size(); i-- > 0;) {
        ASSERT_EQ(run(mine[i]).result.trace_hash, histories[i])
            << text_of(mine[i]) << '\n' << listing_of(mine[i]);
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

// Every eighth input (all where CHITIN_LONG is set) that asks for no interference, which the image
// has not. Those with a disk apart: each of them is a machine of its own.
std::vector<Bytes> for_the_image(bool disk) {
    const std::size_t stride = std::getenv("CHITIN_LONG") != nullptr ? 1 : 8;
    std::vector<Bytes> corpus = read_corpus(corpus_path());
    std::erase_if(corpus, interferes);
    std::erase_if(corpus, [disk](const Bytes& bytes) { return plan_of(bytes).disk != disk; });
    std::vector<Bytes> chosen;
    for (std::size_t i = 0; i < corpus.size(); i += stride) chosen.push_back(corpus[i]);
    return chosen;
}

// Where frames of its own stack were taken from an environment, what it faults on next is the
// compiler's choice, which is another for the image.
bool repossesses(const sim::engine::CellResult& result) {
    return std::ranges::any_of(result.events, [](const kernel::abi::Event& event) {
        return event.kind == kernel::abi::EventKind::upcall &&
               event.code == static_cast<std::uint8_t>(kernel::abi::Upcall::repossession);
    });
}

class CorpusOnTheImage : public testing::TestWithParam<bool> {};

TEST_P(CorpusOnTheImage, SameHistoryAsHosted) {
    const char* given = std::getenv("CHITIN_IMAGE");
    const fs::path folder =
        given != nullptr ? fs::path{given}.parent_path() : fs::path{CHITIN_IMAGE_FOLDER};
    const fs::path program = folder / "programs" / "sequence.elf";
    if (!fs::exists(program)) {
        ASSERT_EQ(given, nullptr) << "CHITIN_IMAGE is set, and there are no programs beside it";
        GTEST_SKIP() << "skipped: no image: ./chitin build image";
    }
    const std::vector<Bytes> chosen = for_the_image(GetParam());
    ASSERT_FALSE(chosen.empty());
    const sim::testbed::ProgramFile programs[] = {{"sequence", read_file(program)}};
    sim::testbed::boot::BareOptions options;
    options.image = (folder / "chitin.elf").string();
    options.cell_seconds_max = 60;
    if (GetParam()) options.disks.push_back({.bytes = disk_bytes});
    const auto bare = sim::testbed::boot::run_bare(bundle_of(chosen, true, programs), options);
    ASSERT_TRUE(bare) << bare.error();
    ASSERT_EQ(bare->size(), chosen.size());
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        const auto hosted = run(chosen[i], true).result;
        if (repossesses(hosted)) continue;
        const auto& image = (*bare)[i];
        EXPECT_EQ(image.error, "");
        EXPECT_EQ(image.outcome.frames_lost, 0u);
        EXPECT_EQ(image.outcome.time_ns, hosted.outcome.time_ns);
        EXPECT_EQ(sim::testbed::machines_divergence(image.events, hosted.events,
                                                    plan_of(chosen[i]).cores, "image", "hosted"),
                  "")
            << text_of(chosen[i]) << '\n' << listing_of(chosen[i]);
    }
}

INSTANTIATE_TEST_SUITE_P(Disk, CorpusOnTheImage, testing::Bool());

}  // namespace
}  // namespace tests::fuzz
