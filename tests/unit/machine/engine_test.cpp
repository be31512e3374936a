// Promises and the trace's hash: pure logic.
#include <gtest/gtest.h>

#include "sim/engine/promises.hpp"
#include "sim/engine/trace_hash.hpp"

namespace tests::machine {
namespace {

using sim::engine::Promises;
using sim::engine::TraceHash;

TEST(Promises, one_core_has_no_horizon) {
    Promises alone{1, 100};
    alone.promise(0, 5);
    EXPECT_EQ(alone.horizon(0), Promises::forever);
    EXPECT_EQ(alone.next(), 0u);
}

TEST(Promises, a_core_may_run_ahead_by_the_latency) {
    Promises two{2, 100};
    EXPECT_EQ(two.next(), 0u) << "the first of those that are equally far";
    EXPECT_EQ(two.horizon(0), 100u);
    two.promise(0, 99);
    EXPECT_TRUE(two.may_go(0));
    two.promise(0, 100);
    EXPECT_FALSE(two.may_go(0));
    EXPECT_EQ(two.next(), 1u);
    two.promise(1, 1000);
    EXPECT_EQ(two.next(), 0u);
    EXPECT_EQ(two.horizon(0), 300u) << "what it sends itself may come back after twice that";
    EXPECT_EQ(two.horizon(1), 200u);
}

TEST(Promises, a_message_lowers_and_never_raises) {
    Promises two{2, 100};
    two.promise(1, Promises::forever);
    two.lower(1, 500);
    EXPECT_EQ(two.promised(1), 500u);
    two.lower(1, 600);
    EXPECT_EQ(two.promised(1), 500u);
}

TEST(Promises, when_nobody_may_go_the_first_that_lives_is_woken) {
    Promises three{3, 100};
    for (std::size_t core = 0; core < 3; ++core) three.promise(core, Promises::forever);
    EXPECT_FALSE(three.may_go(0));
    EXPECT_EQ(three.next(), 0u);
    three.end(0);
    three.lower(0, 5);
    EXPECT_EQ(three.next(), 1u) << "a message to one that has ended holds up nobody";
    three.end(1);
    three.end(2);
    EXPECT_TRUE(three.all_ended());
}

TEST(Promises, no_latency_counts_as_the_least) {
    Promises two{2, 0};
    EXPECT_EQ(two.horizon(0), 1u);
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
