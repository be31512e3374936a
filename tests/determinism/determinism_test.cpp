// One seed, one history: whatever the address-space layout and the window's place. Every process
// has another layout of its own; the window is moved by an option.
#include <gtest/gtest.h>

#include <sstream>

#include <nlohmann/json.hpp>

#include "sim/host/process/command.hpp"

namespace {

struct Way {
    const char* name;
    std::vector<std::string> options;
};

// The trace hashes of all cells, and an error for each that failed.
std::vector<std::string> hashes(const std::string& scenario, std::vector<std::string> options) {
    std::vector<std::string> all{CHITIN_TOOL, "histories",
                                 std::string{CHITIN_SOURCE} + "/scenarios/" + scenario, "-j", "1"};
    all.insert(all.end(), options.begin(), options.end());
    sim::host::process::CommandEnd end;
    std::istringstream lines{sim::host::process::output_of(all, end).value_or("")};
    EXPECT_EQ(end.status, 0);
    std::vector<std::string> found;
    for (std::string line; std::getline(lines, line);) {
        const auto json = nlohmann::json::parse(line, nullptr, false);
        if (!json.is_object()) continue;
        EXPECT_EQ(json["error"], "") << line;
        found.push_back(json["trace_hash"].get<std::string>());
    }
    EXPECT_FALSE(found.empty());
    return found;
}

class Determinism : public testing::TestWithParam<Way> {};

TEST_P(Determinism, SameHistoryAnywhere) {
    const auto& options = GetParam().options;
    const auto first = hashes(GetParam().name, options);
    EXPECT_EQ(hashes(GetParam().name, options), first) << "in another process";
    for (const std::string& base : CHITIN_OTHER_BASES) {
        auto moved = options;
        moved.insert(moved.end(), {"--window-base", base});
        EXPECT_EQ(hashes(GetParam().name, moved), first) << "with the window at " << base;
    }
}

const std::vector<std::string> small_paging{"--set", "policy=random,arc", "--set", "frames=15%"};

const std::vector<std::string> one_top{"--set", "governor.scheduler=edf"};

const std::vector<std::string> one_load{"--set", "load=80", "--set", "seed=1"};

INSTANTIATE_TEST_SUITE_P(Scenarios, Determinism,
                         testing::Values(Way{"hello.toml", {}}, Way{"cow.toml", {}},
                                         Way{"squeeze.toml", {}}, Way{"slices.toml", {}},
                                         Way{"exchange.toml", {}}, Way{"shares.toml", {}},
                                         Way{"hierarchy.toml", one_top},
                                         Way{"realtime.toml", {}},
                                         Way{"cores.toml", {}}, Way{"multikernel.toml", {}},
                                         Way{"parallel.toml", {}}, Way{"mixed.toml", {}},
                                         Way{"exchange_cores.toml", {}},
                                         Way{"probe_turns.toml", {}},
                                         Way{"churn.toml", {}}, Way{"predicate.toml", {}},
                                         Way{"rate.toml", {"--set", "root.args.run_ms=2"}},
                                         Way{"threads.toml", {}}, Way{"tail.toml", one_load},
                                         Way{"queueing.toml", one_load},
                                         Way{"servers.toml", one_load},
                                         Way{"paging.toml", small_paging}),
                         [](const auto& info) {
                             const std::string name = info.param.name;
                             return name.substr(0, name.find('.'));
                         });

TEST(Cores, AllOfThemHaveOneHistory) {
    const std::vector<std::string> most{"--set", "cores=64", "--set", "memory=\"128 MiB\""};
    const auto first = hashes("cores.toml", most);
    EXPECT_EQ(hashes("cores.toml", most), first) << "in another process";
    for (const std::string& base : CHITIN_OTHER_BASES) {
        auto moved = most;
        moved.insert(moved.end(), {"--window-base", base});
        EXPECT_EQ(hashes("cores.toml", moved), first) << "with the window at " << base;
    }
}

TEST(Seed, AnotherSeedIsAnotherHistory) {
    const std::vector<std::string> options{"--set", "policy=random", "--set", "frames=5%"};
    auto one = options;
    one.insert(one.end(), {"--seed", "1"});
    auto two = options;
    two.insert(two.end(), {"--seed", "2"});
    EXPECT_NE(hashes("paging.toml", one), hashes("paging.toml", two));
}

}  // namespace
