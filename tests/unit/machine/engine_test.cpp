// Turns and the trace's hash: pure logic.
#include <gtest/gtest.h>

#include "sim/engine/trace_hash.hpp"
#include "sim/engine/turns.hpp"

namespace tests::machine {
namespace {

using sim::engine::TraceHash;
using sim::engine::Turns;

TEST(Turns, the_core_furthest_behind_runs_until_it_passes_the_next) {
    Turns turns{2};
    EXPECT_EQ(turns.next().core, 0u);
    turns.put_back(0, 10);
    EXPECT_EQ(turns.next().core, 1u);
    EXPECT_EQ(turns.next().ends_ns, 10u);
    turns.put_back(1, 10);
    EXPECT_EQ(turns.next().core, 0u) << "ties go to the one that waited longer";
    turns.remove(0);
    EXPECT_EQ(turns.next().core, 1u);
    EXPECT_EQ(turns.next().ends_ns, Turns::forever);
    turns.remove(1);
    EXPECT_TRUE(turns.empty());
}

TEST(TraceHash, every_field_and_the_order_count) {
    kernel::abi::Event event{};
    event.word_count = kernel::abi::event_words_max;
    const auto hash_of = [](const kernel::abi::Event& one) {
        TraceHash hash;
        hash.add(one);
        return hash.value();
    };
    const std::uint64_t plain = hash_of(event);
    for (std::uint64_t& word : event.words) {
        word = 1;
        EXPECT_NE(hash_of(event), plain);
        word = 0;
    }
    event.time.value = 1;
    EXPECT_NE(hash_of(event), plain);
    event.time.value = 0;
    event.status = 1;
    EXPECT_NE(hash_of(event), plain);
    TraceHash forth;
    TraceHash back;
    forth.add(event);
    event.code = 3;
    forth.add(event);
    back.add(event);
    event.code = 0;
    back.add(event);
    EXPECT_NE(forth.value(), back.value());
}

}  // namespace
}  // namespace tests::machine
