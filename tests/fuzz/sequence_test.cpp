// What fuzzing stands on: every string is a sequence, what a step asks for happens, changes keep to
// the steps.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "kernel/abi/status.hpp"
#include "scenarios/programs/sequence_words.hpp"
#include "sim/host/file/temporary_folder.hpp"
#include "tests/fuzz/calls_run.hpp"
#include "tests/fuzz/listing.hpp"
#include "tests/fuzz/mutation.hpp"

namespace tests::fuzz {
namespace {

using namespace scenarios::sequence;
using kernel::abi::EventKind;

constexpr std::size_t bytes_max = (steps_max + 1) * step_bytes;
constexpr std::uint8_t first_slot = 96;

Bytes random_bytes(Random& random, std::size_t size) {
    Bytes bytes(size);
    std::ranges::generate(bytes, [&] { return static_cast<std::uint8_t>(random() >> 8); });
    return bytes;
}

// `how`: a step's first byte.
void add(Bytes& sequence, unsigned operation, std::initializer_list<std::uint8_t> arguments,
         unsigned how = 0) {
    sequence.push_back(static_cast<std::uint8_t>(how));
    sequence.push_back(static_cast<std::uint8_t>(operation));
    sequence.insert(sequence.end(), arguments);
    sequence.resize((sequence.size() + step_bytes - 1) / step_bytes * step_bytes);
}

unsigned of(Call call) { return static_cast<unsigned>(call); }

// Statuses of that call, in the order in which it was made once the actors had begun.
std::vector<unsigned> answers(const Verdict& verdict, Call call) {
    std::vector<unsigned> all;
    bool begun = false;
    for (const auto& event : verdict.result.events) {
        if (event.kind != EventKind::call) continue;
        begun |= event.code == of(Call::cap_identify) && event.words[1] == mark_ready;
        if (begun && event.code == of(call)) all.push_back(event.status);
    }
    return all;
}

unsigned word(kernel::abi::Status status) { return static_cast<unsigned>(status); }

TEST(Sequence, EveryStringIsOne) {
    Random random{7};
    for (unsigned i = 0; i < 40; ++i) {
        const Bytes sequence = random_bytes(random, random() % (bytes_max + 20));
        EXPECT_EQ(run(sequence).finding, "") << text_of(sequence);
        EXPECT_FALSE(listing_of(sequence).empty());
    }
}

TEST(Sequence, CallsAreMadeAsWritten) {
    Bytes sequence(step_bytes);
    add(sequence, of(Call::frame_allocate), {1, first_slot, 0});
    add(sequence, of(Call::map), {0, first_slot, 0, 3});
    add(sequence, of(Call::map), {0, first_slot, 0, 3});
    add(sequence, write_memory, {0, 1});
    add(sequence, write_memory, {1, 1});  // nothing is mapped there
    const Verdict verdict = run(sequence, true);
    EXPECT_EQ(verdict.finding, "");
    using kernel::abi::Status;
    EXPECT_EQ(answers(verdict, Call::frame_allocate), (std::vector{word(Status::ok)}));
    EXPECT_EQ(answers(verdict, Call::map),
              (std::vector{word(Status::ok), word(Status::already_mapped)}));
    const auto& events = verdict.result.events;
    EXPECT_EQ(std::ranges::count(events, EventKind::fault, &kernel::abi::Event::kind), 1);
    EXPECT_EQ(verdict.result.outcome.reason, kernel::abi::EndReason::exited);
}

TEST(Sequence, ARefusedAllocationIsRefusedHere) {
    Bytes sequence(step_bytes);
    add(sequence, of(Call::frame_allocate), {1, first_slot, 0});
    add(sequence, interfere, {2, 1, 0});  // lets one pass
    add(sequence, of(Call::frame_allocate), {1, first_slot + 1, 0});
    add(sequence, of(Call::frame_allocate), {1, first_slot + 2, 0});
    using kernel::abi::Status;
    EXPECT_EQ(answers(run(sequence, true), Call::frame_allocate),
              (std::vector{word(Status::ok), word(Status::ok), word(Status::no_frames)}));
}

TEST(Sequence, AStallTakesTimeAndAKillEnds) {
    const Bytes quiet(step_bytes);
    Bytes stalled = quiet;
    add(stalled, interfere, {0, 0, 150});
    const auto late = run(stalled).result.outcome.time_ns;
    EXPECT_GT(late, run(quiet).result.outcome.time_ns + span_word(150));
    Bytes killed = quiet;
    add(killed, interfere, {1, 0, 0});
    EXPECT_EQ(run(killed).result.outcome.reason, kernel::abi::EndReason::ran_away);
}

// Core 1's root loses its upcall page and has upcalls that cannot be told to it; what it sees of
// the time must not depend on what core 0, which has nothing to do with it, is busy with.
std::uint64_t history_beside(std::initializer_list<std::pair<Call, std::uint8_t>> calls_of_0) {
    Bytes sequence(step_bytes);
    sequence[0] = 1;  // two cores
    add(sequence, of(Call::account_revoke), {1, 150, 0}, 1);
    add(sequence, of(Call::park), {80}, 1 | 3 << 6);  // 40 times
    for (const auto& [call, argument] : calls_of_0) add(sequence, of(call), {argument}, 3 << 6);
    for (const auto& env : run(sequence).result.envs) {
        if (sim::engine::core_of(env) == 1) return env.info.history_hash;
    }
    return 0;
}

TEST(Sequence, WhatACoreSeesOfTheTimeIsItsOwn) {
    const std::uint64_t alone = history_beside({});
    EXPECT_NE(alone, 0u);
    EXPECT_EQ(history_beside({{Call::null, 0}}), alone);
    EXPECT_EQ(history_beside({{Call::compute, 60}}), alone);
    EXPECT_EQ(history_beside({{Call::compute, 1}, {Call::null, 0}}), alone);
}

TEST(Sequence, ChangesKeepToSteps) {
    Random random{3};
    Bytes one;
    Bytes other = random_bytes(random, 100);
    for (unsigned i = 0; i < 5000; ++i) {
        mutate(one, bytes_max, random);
        mutate(other, bytes_max, random);
        ASSERT_EQ(one.size() % step_bytes, 0u);
        ASSERT_LE(one.size(), bytes_max);
        const Bytes both = cross(one, other, bytes_max, random);
        ASSERT_EQ(both.size() % step_bytes, 0u);
        ASSERT_LE(both.size(), bytes_max);
        if (i % 16 == 0) other = both;
    }
    mutate(one, 0, random);
    EXPECT_TRUE(one.empty());
}

TEST(CorpusFile, SaysWhichLineIsWrong) {
    const sim::host::file::TemporaryFolder folder;
    const std::string path = folder.file("wrong.corpus");
    std::ofstream{path} << "# a comment\n00ff\n0g\n";
    try {
        static_cast<void>(read_corpus(path));
        FAIL() << "no error";
    } catch (const std::runtime_error& problem) {
        EXPECT_EQ(problem.what(), path + ":3: expected hexadecimal digits in pairs");
    }
    EXPECT_THROW(static_cast<void>(read_corpus("/nowhere")), std::runtime_error);
}

}  // namespace
}  // namespace tests::fuzz
