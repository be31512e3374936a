// Predicates: who sleeps by one pays for it, and the checker sees what a program's frames become.
#include <gtest/gtest.h>

#include <optional>

#include "kernel/env/env.hpp"
#include "kernel/machine/boot_info.hpp"
#include "sim/checkers/conservation.hpp"
#include "tests/adversary/cells.hpp"

namespace tests::adversary {
namespace {

using namespace kernel::abi;

std::byte* frame_at(std::span<std::byte> pool, FrameNumber name) {
    return pool.data() +
           std::uint64_t{name.value - kernel::machine::pool_first.value} * page_size;
}

std::span<FrameInfo> frames_of(std::span<std::byte> pool) {
    const auto& system = *reinterpret_cast<SystemInfo*>(pool.data());
    const std::uint32_t infos = environments_max * sizeof(EnvInfo) / page_size;
    const FrameNumber first{kernel::machine::pool_first.value + 2 + infos};
    return {reinterpret_cast<FrameInfo*>(frame_at(pool, first)), system.pool_frames};
}

// The environment that sleeps by a predicate, if one does.
const kernel::env::Env* sleeper(std::span<std::byte> pool) {
    const auto frames = frames_of(pool);
    for (std::uint32_t i = 0; i < frames.size(); ++i) {
        if (frames[i].state != FrameState::env) continue;
        const FrameNumber name{kernel::machine::pool_first.value + i};
        const auto& env = *reinterpret_cast<kernel::env::Env*>(frame_at(pool, name));
        if (env.watch.code != 0) return &env;
    }
    return nullptr;
}

TEST(Predicate, WhoSleepsPaysForEachLook) {
    std::uint64_t looks_paid = 0;
    std::uint32_t id = 0;
    std::uint64_t calls = 0;
    std::uint64_t time_ns = 0;
    run("predicate.toml", [&](std::uint64_t, std::span<std::byte> pool) {
        const kernel::env::Env* const env = sleeper(pool);
        if (env == nullptr) return;
        const EnvInfo& info = *env->info;
        const bool same = id == env->id.value && calls == info.calls;
        if (same && info.time_ns > time_ns) ++looks_paid;
        id = env->id.value;
        calls = info.calls;
        time_ns = info.time_ns;
    });
    EXPECT_GT(looks_paid, 10u);
}

TEST(Predicate, TheCheckerSeesFramesThatAreNoProgramsOwn) {
    void (*const damages[])(FrameInfo&, FrameNumber) = {
        [](FrameInfo& info, FrameNumber) { info.entries++; },
        [](FrameInfo& info, FrameNumber) { info.entries = 0; },
        [](FrameInfo& info, FrameNumber name) { info.owner = FrameNumber{name.value + 1}; },
        [](FrameInfo& info, FrameNumber) { info.state = FrameState::user; },
    };
    std::size_t found = 0;
    bool looked = false;
    run("predicate.toml", [&](std::uint64_t, std::span<std::byte> pool) {
        if (looked || sleeper(pool) == nullptr) return;
        looked = true;
        ASSERT_EQ(sim::checkers::verify_conservation(pool), "");
        for (auto* const inflict : damages) {
            std::vector<std::byte> copy{pool.begin(), pool.end()};
            const FrameNumber object = sleeper(pool)->watch.object;
            const std::uint32_t index = object.value - kernel::machine::pool_first.value;
            inflict(frames_of(copy)[index], object);
            if (!sim::checkers::verify_conservation(copy).empty()) ++found;
        }
    });
    EXPECT_EQ(found, std::size(damages));
}

}  // namespace
}  // namespace tests::adversary
