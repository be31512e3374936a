// Mesh: order, credits, rings that wrap, and what ThreadSanitizer says of them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>
#include <vector>

#include "tests/unit/mesh/talk.hpp"

namespace tests::mesh {
namespace {

TEST(Mesh, messages_are_taken_in_the_order_of_arrival_and_then_of_cores) {
    std::vector<std::uint32_t> order;
    const std::string error = talk(4, [&](Core& core, Mesh& mesh) {
        if (mesh.self() != 0) {
            core.charge(Nanoseconds{mesh.self() == 3 ? 10u : 50u});
            mesh.send(0, message_of(MessageKind::wake, mesh.self()));
            return;
        }
        Message message{};
        for (int i = 0; i < 3; ++i) {
            EXPECT_EQ(receive(core, mesh, message), message.a);
            order.push_back(message.a);
        }
        EXPECT_EQ(core.now(), Instant{1050});
    });
    EXPECT_EQ(error, "");
    EXPECT_EQ(order, (std::vector<std::uint32_t>{3, 1, 2}));
}

TEST(Mesh, credits_run_out_and_come_back_each_kind_its_own) {
    const std::string error = talk(2, [](Core& core, Mesh& mesh) {
        Message message{};
        if (mesh.self() == 1) {
            while (receive(core, mesh, message) == 0 && message.kind != MessageKind::halt) {
                mesh.send(0, message_of(MessageKind::woken, 0));
            }
            return;
        }
        unsigned sent = 0;
        for (; mesh.may_send(1, MessageKind::wake); ++sent) {
            mesh.send(1, message_of(MessageKind::wake, 0));
        }
        EXPECT_GE(sent, 1u);
        EXPECT_TRUE(mesh.may_send(1, MessageKind::call));
        EXPECT_TRUE(mesh.may_send(1, MessageKind::recall));
        receive(core, mesh, message);
        EXPECT_EQ(message.kind, MessageKind::woken);
        EXPECT_TRUE(mesh.may_send(1, MessageKind::wake));
        for (; sent > 1; --sent) receive(core, mesh, message);
        mesh.send(1, message_of(MessageKind::halt, 0));
    });
    EXPECT_EQ(error, "");
}

// All the requests that there are credits for, from both sides at once, and all replies.
TEST(Mesh, rings_hold_all_that_can_be_under_way) {
    const std::string error = talk(2, [](Core& core, Mesh& mesh) {
        const std::uint32_t other = 1 - mesh.self();
        constexpr MessageKind kinds[] = {MessageKind::call, MessageKind::wake, MessageKind::recall};
        constexpr MessageKind replies[] = {MessageKind::answer, MessageKind::woken,
                                           MessageKind::recalled};
        std::uint32_t number = 0;
        std::uint32_t expected = 0;
        for (int round = 0; round < 50; ++round) {
            unsigned sent = 0;
            for (const MessageKind kind : kinds) {
                for (; mesh.may_send(other, kind); ++sent) {
                    mesh.send(other, message_of(kind, number++));
                }
            }
            Message message{};
            for (unsigned got = 0; got < sent; ++got) {
                receive(core, mesh, message);
                EXPECT_EQ(message.a, expected++);
                for (int k = 0; k < 3; ++k) {
                    if (kinds[k] == message.kind) mesh.send(other, message_of(replies[k], 0));
                }
            }
            for (unsigned got = 0; got < sent; ++got) receive(core, mesh, message);
        }
    });
    EXPECT_EQ(error, "");
}

TEST(Mesh, a_ring_has_no_race_and_one_without_its_fence_has) {
    if (std::string_view{CHITIN_SANITIZER} != "tsan") {
        GTEST_SKIP() << "only ThreadSanitizer (preset tsan) sees races";
    }
    EXPECT_EQ(std::system(RING_TALK), 0);
    EXPECT_NE(std::system(RING_TALK_PLANTED " 2>/dev/null"), 0) << "the planted race was not seen";
}

}  // namespace
}  // namespace tests::mesh
