// Who is served next: blocks by weight, whatever the sizes of the requests.
#include "kernel/disk/fairness.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace kernel::disk {
namespace {

struct Client {
    std::uint32_t weight;
    std::uint32_t request;  // blocks of each
    std::uint64_t blocks = 0;
    bool waits = true;
};

// Serves `requests` requests of clients 1, 2, ...
void serve(Fairness& fairness, std::vector<Client>& clients, unsigned requests) {
    for (unsigned i = 0; i < requests; ++i) {
        const std::uint32_t number = fairness.next(
            [&](std::uint32_t n) { return n >= 1 && n <= clients.size() && clients[n - 1].waits; },
            [&](std::uint32_t n) { return clients[n - 1].weight; });
        ASSERT_NE(number, 0u);
        Client& client = clients[number - 1];
        client.blocks += client.request;
        fairness.used(client.request);
    }
}

TEST(DiskFairness, NobodyWaits) {
    Fairness fairness;
    EXPECT_EQ(fairness.next([](std::uint32_t) { return false; },
                            [](std::uint32_t) { return 1u; }),
              0u);
}

TEST(DiskFairness, EqualWeightsGetEqualBlocksWhateverTheirRequests) {
    Fairness fairness;
    std::vector<Client> clients{{1, 1}, {1, 8}, {1, 3}, {1, 5}};
    serve(fairness, clients, 10'000);
    for (const Client& client : clients) {
        EXPECT_NEAR(static_cast<double>(client.blocks), static_cast<double>(clients[0].blocks),
                    2 * Fairness::quantum);
    }
}

TEST(DiskFairness, BlocksGoByWeight) {
    Fairness fairness;
    std::vector<Client> clients{{1, 8}, {2, 1}, {5, 7}};
    serve(fairness, clients, 20'000);
    const double unit = static_cast<double>(clients[0].blocks);
    EXPECT_NEAR(static_cast<double>(clients[1].blocks), 2 * unit, 3 * 2 * Fairness::quantum);
    EXPECT_NEAR(static_cast<double>(clients[2].blocks), 5 * unit, 3 * 5 * Fairness::quantum);
}

TEST(DiskFairness, WhoWasIdleHasSavedNothing) {
    Fairness fairness;
    std::vector<Client> clients{{1, 8}, {1, 8}};
    clients[1].waits = false;
    serve(fairness, clients, 1000);
    clients[1].waits = true;
    clients[0].blocks = 0;
    serve(fairness, clients, 100);
    EXPECT_LE(clients[1].blocks, clients[0].blocks + 2 * Fairness::quantum);
    EXPECT_GE(clients[1].blocks + 2 * Fairness::quantum, clients[0].blocks);
}

TEST(DiskFairness, AWaitIsBoundedByTheVisitsOfTheOthers) {
    Fairness fairness;
    std::vector<Client> clients{{abi::disk_weight_max, 1}, {1, 8}};
    serve(fairness, clients, abi::disk_weight_max * 8 + 1);
    EXPECT_GT(clients[1].blocks, 0u);
}

TEST(DiskFairness, RefusedRequestsCostNothingAndBlockNobody) {
    Fairness fairness;
    std::array<unsigned, 3> served{};
    for (unsigned i = 0; i < 100; ++i) {
        const std::uint32_t number = fairness.next(
            [](std::uint32_t n) { return n == 1 || n == 2; }, [](std::uint32_t) { return 1u; });
        served.at(number)++;
        fairness.used(number == 1 ? 0 : 8);
        if (number == 1 && served[1] == 50) break;
    }
    EXPECT_EQ(served[1], 50u) << "a ring of refused requests is bounded by its size";
}

}  // namespace
}  // namespace kernel::disk
