// What fuzzing stands on: every string is a sequence, what a step asks for happens, changes keep to
// the steps.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "kernel/abi/status.hpp"
#include "scenarios/programs/sequence_words.hpp"
#include "sim/host/file/temporary_folder.hpp"
#include "tests/fuzz/calls_run.hpp"
#include "tests/fuzz/idioms.hpp"
#include "tests/fuzz/listing.hpp"
#include "tests/fuzz/mutation.hpp"
#include "tests/fuzz/onlooker.hpp"

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

unsigned of(Call call) { return static_cast<unsigned>(call); }  // not one of disks

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

// ---- disks

Bytes with_disk(DiskModel model = DiskModel::quick, unsigned cores_and_children = 0) {
    Bytes sequence(step_bytes);
    sequence[0] = static_cast<std::uint8_t>(cores_and_children);
    sequence[3] = static_cast<std::uint8_t>(1 | static_cast<unsigned>(model) << 1);
    return sequence;
}

// By actor 0 and, where it takes two, by `other`, its child.
void add(Bytes& sequence, std::span<const idioms::Line> lines, unsigned other = 1) {
    for (const idioms::Line& line : lines) {
        sequence.push_back(static_cast<std::uint8_t>(line.by_other ? other : 0));
        sequence.push_back(static_cast<std::uint8_t>(line.operation));
        for (const std::uint8_t byte : line.argument) {
            const unsigned child = slot_named_first + named_child + other;
            sequence.push_back(static_cast<std::uint8_t>(byte == idioms::partner ? child : byte));
        }
    }
}

// How the kernel answered the requests, in that order.
std::vector<unsigned> requests(const Verdict& verdict) {
    std::vector<unsigned> all;
    for (const auto& event : verdict.result.events) {
        if (event.kind == EventKind::disk) all.push_back(event.status);
    }
    return all;
}

constexpr kernel::abi::Status ok = kernel::abi::Status::ok;

void expect_ok(const Verdict& verdict, Call call, std::size_t times) {
    EXPECT_EQ(answers(verdict, call), std::vector(times, word(ok)))
        << kernel::abi::call_names[static_cast<std::size_t>(call)];
}

TEST(SequenceOfDisks, OthersMeanWhatTheyMeant) {
    constexpr unsigned before = 46;  // as many operations there were without disks
    EXPECT_EQ(operations_without_disk, before);
    Bytes sequence(step_bytes);
    add(sequence, before + of(Call::cap_identify), {5});
    EXPECT_EQ(step_of(sequence, 0).operation, of(Call::cap_identify));
    sequence[3] = 1;
    EXPECT_EQ(call_of(step_of(sequence, 0).operation),
              static_cast<Call>(call_count + of(Call::cap_identify)));
    Ground ground{};
    ground.region = 1 << 20;
    ground.disk_pages = 1;
    for (unsigned byte = 0; byte < 256; ++byte) {
        const bool named = byte >= slot_disk_first && byte < slot_wild_first;
        const Word slot = slot_word(byte, ground);
        const Word address = address_word(byte, ground);
        ground.disk = true;
        EXPECT_EQ(slot_word(byte, ground) == slot, !named) << byte;
        const bool page = byte >= address_disk_first && byte < 112;
        EXPECT_EQ(address_word(byte, ground) == address, !page) << byte;
        ground.disk = false;
    }
    EXPECT_EQ(value_word(155), Word{1} << 27);
    EXPECT_EQ(value_word(219), (Word{1} << 27) - 1);
}

TEST(SequenceOfDisks, EveryCallHasAnOperation) {
    for (unsigned number = 0; number < static_cast<unsigned>(Call::call_count); ++number) {
        const unsigned operation = operation_of(static_cast<Call>(number));
        ASSERT_LT(operation, operation_count);
        EXPECT_TRUE(makes_call(operation)) << number;
        EXPECT_EQ(call_of(operation), static_cast<Call>(number));
    }
    EXPECT_FALSE(makes_call(interfere));
    EXPECT_FALSE(makes_call(put_request));
}

TEST(SequenceOfDisks, BytesNameBlocksAndWhatIsNone) {
    for (unsigned byte = 0; byte < disk_blocks + 32; ++byte) {
        EXPECT_EQ(word_of(Kind::block, byte, 0, {}), byte);
        EXPECT_EQ(word_of(Kind::block, byte, 3, {}), byte + 3);
    }
    std::set<Word> others;
    for (unsigned byte = disk_blocks + 32; byte < 256; ++byte) others.insert(block_word(byte));
    EXPECT_EQ(others.size(), 11u);
    EXPECT_TRUE(others.contains(kernel::abi::any_block));
    EXPECT_TRUE(others.contains(~Word{0}));
    EXPECT_EQ(block_word(idioms::any), kernel::abi::any_block);
    Ground ground{};
    ground.disk = true;
    ground.disk_pages = 1 << 20;
    for (unsigned i = 0; i < disk_pages_max; ++i) {
        ground.disk_slots[i] = 70 + i;
        EXPECT_EQ(slot_word(slot_disk_first + i, ground), 70 + i);
        EXPECT_EQ(word_of(Kind::page, address_disk_first + i, 5, ground),
                  ground.disk_pages + i * page_size);
    }
}

TEST(SequenceOfDisks, TheListingSaysWhatIsMeant) {
    Bytes sequence = with_disk(DiskModel::one_channel);
    add(sequence, idioms::tree_made);
    constexpr auto rot = static_cast<std::uint8_t>(sim::explore::DecisionKind::disk_rot);
    add(sequence, interfere, {rot, 2, 7});
    const std::string text = listing_of(sequence);
    for (const char* part :
         {"a disk of one channel", "extent_allocate(slot 0x4, slot 0x60, any block, 0x8",
          "disk_ring(slot 0x0, slot 0x60, ring)", "write_header(disk page 1, 0x8, entries, 0x2)",
          "put_request(write_fua, slot 0x60, block 0, 0x1, buffer 1", "take_row(slot 0x63, 0x5)",
          "load_function(slot 0x62, pointers, 0xf)", "tree_scan(slot 0x63)",
          "interfere(disk_rot, after 2, value 8)"}) {
        EXPECT_NE(text.find(part), std::string::npos) << part << '\n' << text;
    }
}

TEST(SequenceOfDisks, ChangesReachEveryOperation) {
    Random random{5};
    std::set<unsigned> reached;
    for (unsigned i = 0; i < 200; ++i) {
        Bytes sequence = with_disk();
        for (unsigned change = 0; change < 30; ++change) {
            mutate(sequence, bytes_max, random);
            sequence[3] = 1;
        }
        for (std::size_t at = 0; at < count_of(sequence); ++at) {
            reached.insert(step_of(sequence, at).operation);
        }
    }
    EXPECT_EQ(reached.size(), operation_count);
}

TEST(SequenceOfDisks, WithoutADiskThereIsNone) {
    Bytes sequence = with_disk();
    add(sequence, idioms::extent_in_use);
    sequence[3] = 0;
    EXPECT_EQ(requests(run(sequence, true)).size(), 0u);
}

class EveryDisk : public testing::TestWithParam<unsigned> {};

TEST_P(EveryDisk, AnExtentIsUsedAndFreed) {
    Bytes sequence = with_disk(static_cast<DiskModel>(GetParam()));
    add(sequence, idioms::extent_in_use);
    add(sequence, idioms::block_cached);
    add(sequence, idioms::extent_freed);
    const Verdict verdict = run(sequence, true);
    EXPECT_EQ(verdict.finding, "");
    for (const Call call : {Call::extent_allocate, Call::disk_ring, Call::disk_submit,
                            Call::registry_enter, Call::extent_part, Call::extent_range}) {
        expect_ok(verdict, call, 1);
    }
    const auto busy = word(kernel::abi::Status::busy);
    EXPECT_EQ(answers(verdict, Call::extent_free), (std::vector{busy, word(ok)}));
    EXPECT_EQ(requests(verdict), std::vector(3, word(ok)));
}

TEST_P(EveryDisk, ATreeGrowsAndShrinks) {
    Bytes sequence = with_disk(static_cast<DiskModel>(GetParam()));
    add(sequence, idioms::tree_made);
    add(sequence, idioms::tree_grown);
    add(sequence, idioms::subtree_grown);
    add(sequence, idioms::block_given_up);
    add(sequence, idioms::tree_reopened);
    add(sequence, idioms::node_cached);
    const Verdict verdict = run(sequence, true);
    EXPECT_EQ(verdict.finding, "");
    expect_ok(verdict, Call::tree_open, 2);
    expect_ok(verdict, Call::tree_scan, 2);
    expect_ok(verdict, Call::tree_node, 1);
    expect_ok(verdict, Call::tree_look, 1);
    expect_ok(verdict, Call::tree_allocate, 4);
    expect_ok(verdict, Call::extent_open, 1);
    EXPECT_EQ(requests(verdict), std::vector(8, word(ok)));
    const auto missing = word(kernel::abi::Status::not_cached);
    EXPECT_EQ(answers(verdict, Call::registry_find), (std::vector{word(ok), missing}));
}

INSTANTIATE_TEST_SUITE_P(Models, EveryDisk,
                         testing::Range(0u, static_cast<unsigned>(DiskModel::count)));

TEST(SequenceOfDisks, ABlockIsNotMovedAtOnce) {
    Bytes sequence = with_disk();
    add(sequence, idioms::tree_made);
    add(sequence, idioms::tree_grown);
    add(sequence, idioms::subtree_grown);
    add(sequence, idioms::block_moved);
    const Verdict verdict = run(sequence, true);
    EXPECT_EQ(verdict.finding, "");
    const std::vector<unsigned> answered = requests(verdict);
    ASSERT_EQ(answered.size(), 9u);
    EXPECT_EQ(std::ranges::count(answered, word(ok)), 8);
    EXPECT_EQ(answered[7], word(kernel::abi::Status::ownership_refused));
}

TEST(SequenceOfDisks, AChildSharesATree) {
    Bytes sequence = with_disk(DiskModel::quick, 1 << 1 | 1 << 3);
    add(sequence, of(Call::park), {200}, 1);  // until there is one
    add(sequence, idioms::tree_made);
    add(sequence, idioms::tree_shared);
    sequence.resize(sequence.size() - step_bytes);  // it is not taken back
    const Verdict verdict = run(sequence, true);
    EXPECT_EQ(verdict.finding, "");
    expect_ok(verdict, Call::disk_ring, 2);
    EXPECT_EQ(requests(verdict), std::vector(2, word(ok)));
}

// Core 0's kernel has more frames of its own than others where there are disks.
TEST(SequenceOfDisks, CoresFindEachOther) {
    constexpr unsigned two_cores = 1;
    Bytes sequence = with_disk(DiskModel::quick, two_cores);
    constexpr std::uint8_t peer = slot_named_first + named_peer;
    add(sequence, of(Call::transfer_wait), {160, 1, 2, 3, 4, 5}, 1);
    add(sequence, of(Call::compute), {150});
    add(sequence, of(Call::transfer_call), {peer, 1, 2, 3, 4, 5});
    add(sequence, of(Call::transfer_wait), {160, 1, 2, 3, 4, 5}, 1);
    add(sequence, of(Call::wake), {peer}, 1);
    const Verdict verdict = run(sequence, true);
    EXPECT_EQ(verdict.finding, "");
    EXPECT_EQ(answers(verdict, Call::transfer_call), std::vector(1, word(ok)));
    EXPECT_EQ(answers(verdict, Call::wake), std::vector(1, word(ok)));
}

TEST(SequenceOfDisks, AWriteThatFailsDamagesTheTree) {
    Bytes sequence = with_disk();
    add(sequence, idioms::tree_made);
    add(sequence, interfere, {static_cast<std::uint8_t>(sim::explore::DecisionKind::disk_error)});
    add(sequence, idioms::tree_grown);
    add(sequence, of(Call::tree_scan), {idioms::tree});
    const Verdict verdict = run(sequence, true);
    EXPECT_EQ(verdict.finding, "");
    const auto failed = word(kernel::abi::Status::io_error);
    EXPECT_EQ(std::ranges::count(requests(verdict), failed), 1);
}

TEST(SequenceOfDisks, IdiomsFindNothing) {
    for (const std::span<const idioms::Line> lines : idioms::of_disks) {
        Bytes sequence = with_disk(DiskModel::quick, 1 << 1 | 1 << 3);
        add(sequence, idioms::tree_made);
        add(sequence, lines);
        EXPECT_EQ(run(sequence).finding, "") << listing_of(sequence);
    }
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
