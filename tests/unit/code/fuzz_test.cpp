// Random programs: what verification accepts never leaves its windows or its bound, and computes
// the same wherever memory lies and whatever the stack held before, interpreted or compiled.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "kernel/code/verify/explorer.hpp"
#include "tests/unit/code/compiled.hpp"
#include "tests/unit/code/generator.hpp"
#include "tests/unit/code/ground.hpp"

namespace tests::code {
namespace {

using namespace kernel::code;
using verify::Verdict;

// A place to run in, of which there are several: other addresses, another past.
struct Place {
    std::vector<std::byte> bytes;
    alignas(8) std::array<std::byte, Generator::second_window_bytes> more;
    std::byte past;
    alignas(8) std::array<std::byte, frames_max * frame_bytes> stack;
};

using Windows = std::array<Window, 2>;

struct Result {
    std::uint64_t value;
    std::vector<std::byte> bytes;
    bool operator==(const Result&) const = default;
};

// $CHITIN_FUZZ_PROGRAMS: how many, instead of what a test run has time for.
std::uint64_t program_count() {
    const char* const wanted = std::getenv("CHITIN_FUZZ_PROGRAMS");
    return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : CHITIN_FUZZ_PROGRAMS;
}

class CodeFuzz : public testing::Test {
protected:
    static constexpr std::uint32_t bytes_min = 24;
    static constexpr std::uint32_t bytes_max = 96;

    void SetUp() override {
        places_.resize(2);
        places_[0].past = std::byte{0x00};
        places_[1].past = std::byte{0xa5};
        for (Place& place : places_) place.bytes.resize(bytes_max);
    }

    Verdict verdict(const Code& code) {
        return verify::verify(code, contract(), memory_);
    }
    [[nodiscard]] Contract contract() const {
        return {.windows = rules_,
                .helpers = {&suite_helper, 1},
                .steps_max = 20'000,
                .explored_max = 20'000};
    }

    kernel::code::Run prepare(Place& place, Windows& windows, std::uint32_t length,
                              std::uint64_t seed) {
        std::mt19937_64 draw{seed};
        for (std::byte& byte : place.bytes) byte = static_cast<std::byte>(draw());
        for (std::byte& byte : place.more) byte = static_cast<std::byte>(draw());
        place.stack.fill(place.past);
        windows = {{{place.bytes.data(), length, true}, {place.more.data(), more, false}}};
        return {.arguments = arguments_of(windows),
                .stack = place.stack,
                .helpers = {&suite_helper, 1}};
    }

    // The checked run's result, having held to the verdict.
    Result hold(const Code& code, const Verdict& verdict, Place& place, std::uint32_t length,
                std::uint64_t seed) {
        Windows windows;
        kernel::code::Run run = prepare(place, windows, length, seed);
        run.stack = std::span{place.stack}.last(std::size_t{verdict.frames_max} * frame_bytes);
        const Outcome outcome = interpret_checked(code, run, windows, verdict.steps_max);
        EXPECT_EQ(outcome.fault.reason, CodeReason::none)
            << "seed " << seed << " at " << outcome.fault.instruction << ": "
            << text_of(outcome.fault.reason);
        return {outcome.result, place.bytes};
    }

    Result interpreted(const Code& code, Place& place, std::uint32_t length, std::uint64_t seed) {
        Windows windows;
        const kernel::code::Run run = prepare(place, windows, length, seed);
        const std::uint64_t value = interpret(code, run);
        return {value, place.bytes};
    }
    Result compiled(const CompiledCode& code, Place& place, std::uint32_t length,
                    std::uint64_t seed) {
        Windows windows;
        const kernel::code::Run run = prepare(place, windows, length, seed);
        const std::uint64_t value = code.call(run);
        return {value, place.bytes};
    }

    bool examine(const Code& code, std::uint64_t seed);
    void compare_with_every_path(const Code& code, const Verdict& verdict, std::uint64_t seed);

    std::vector<Place> places_;
    std::vector<std::byte> memory_ = std::vector<std::byte>(std::size_t{256} << 10);
    static constexpr std::uint32_t more = Generator::second_window_bytes;
    std::array<WindowRule, 2> rules_{{{bytes_min, bytes_max, true}, {more, more, false}}};
};

// What keeping states decides, exploring every path to its end must not refute.
void CodeFuzz::compare_with_every_path(const Code& code, const Verdict& verdict,
                                       std::uint64_t seed) {
    const Contract contract = this->contract();
    std::vector<verify::Note> notes(code.size());
    verify::take_notes(code, notes);
    for (verify::Note& note : notes) note.meeting = 0;
    const auto state = std::make_unique<verify::State>();
    verify::Explorer explorer{code, contract, notes, *state, memory_, 0};
    EXPECT_TRUE(explorer.run(2 * contract.explored_max));
    const Verdict& every = explorer.verdict();
    if (every.fault.reason == CodeReason::too_complex) return;
    EXPECT_EQ(every.fault.reason, CodeReason::none)
        << "seed " << seed << " at " << every.fault.instruction << ": "
        << text_of(every.fault.reason);
    EXPECT_LE(every.steps_max, verdict.steps_max) << "seed " << seed;
}

// Accepted or not; if so, everything that verification promised has been looked for.
bool CodeFuzz::examine(const Code& code, std::uint64_t seed) {
    const Verdict verdict = this->verdict(code);
    if (!verdict.accepted()) return false;
    compare_with_every_path(code, verdict, seed);
    const CompiledCode translated{code, {&suite_helper, 1}};
    for (const std::uint32_t length : {bytes_min, bytes_min + 9, bytes_max}) {
        const Result here = hold(code, verdict, places_[0], length, seed);
        const Result there = hold(code, verdict, places_[1], length, seed);
        EXPECT_EQ(here, there) << "seed " << seed;
        if (HasFailure()) return true;  // unchecked it might not come back
        EXPECT_EQ(here, interpreted(code, places_[1], length, seed)) << "seed " << seed;
        EXPECT_EQ(here, compiled(translated, places_[0], length, seed)) << "seed " << seed;
    }
    return true;
}

TEST_F(CodeFuzz, AcceptedProgramsHoldToTheirVerdict) {
    const std::uint64_t programs = program_count();
    std::uint64_t accepted = 0;
    for (std::uint64_t seed = 1; seed <= programs && !HasFailure(); ++seed) {
        Generator generator{seed};
        const Code code = generator.program(bytes_min, bytes_max);
        accepted += examine(code, seed) ? 1 : 0;
    }
    RecordProperty("accepted", std::to_string(accepted));
    std::printf("%llu of %llu programs accepted\n", static_cast<unsigned long long>(accepted),
                static_cast<unsigned long long>(programs));
    EXPECT_GT(accepted, programs / 4) << "the generator no longer makes acceptable programs";
}

// The suite's programs, and Linux's: with a few bits turned over they are near what is accepted,
// in other ways than the generator's.
TEST_F(CodeFuzz, ProgramsOfOthersWithBitsTurnedOver) {
    std::vector<Code> sources;
    for (const Vector& vector : conformance_vectors()) sources.push_back(vector.code);
    std::ifstream file{data_path("linux-diff-2000.tsv")};
    for (std::string line; std::getline(file, line);) {
        sources.push_back(code_of(fields_of(line, '\t')[1]));
    }
    if (sources.empty()) GTEST_SKIP() << "skipped: no data";
    std::uint64_t accepted = 0;
    for (std::uint64_t seed = 1; seed <= program_count() && !HasFailure(); ++seed) {
        Generator generator{seed};
        const Code& source = sources[generator.below(sources.size())];
        accepted += examine(generator.mutated(source), seed) ? 1 : 0;
    }
    std::printf("%llu programs accepted\n", static_cast<unsigned long long>(accepted));
    EXPECT_GT(accepted, 0u);
}

// The canary: run with less than the contract promised, programs must be seen to go outside.
TEST_F(CodeFuzz, ABrokenPromiseIsSeen) {
    unsigned outside = 0;
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        Generator generator{seed};
        const Code code = generator.program(bytes_min, bytes_max);
        if (!verdict(code).accepted()) continue;
        Windows windows;
        const auto run = prepare(places_[0], windows, bytes_min / 2, seed);
        const Outcome outcome = interpret_checked(code, run, windows, 20'000);
        outside += outcome.fault.reason == CodeReason::access_outside ? 1 : 0;
    }
    EXPECT_GT(outside, 0u);
}

}  // namespace
}  // namespace tests::code
