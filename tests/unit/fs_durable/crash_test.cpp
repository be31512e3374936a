// Every crash of random histories: what is found is what was there after some call, and not
// before the last one that promised durability.
#include <gtest/gtest.h>

#include "sim/testbed/crash/crash_states.hpp"
#include "tests/unit/fs_durable/kinds.hpp"
#include "tests/unit/fs_model/effort.hpp"
#include "tests/unit/fs_model/memory_device.hpp"
#include "tests/unit/fs_model/random_calls.hpp"

namespace tests::fs_durable {
namespace {

using fs_model::Features;
using fs_model::MemoryDevice;
using fs_model::RandomCalls;
using fs_model::Reference;
using sim::testbed::crash::CrashBounds;
using sim::testbed::crash::CrashDevice;
using sim::testbed::crash::CrashState;
using sim::testbed::crash::CrashStates;
using sim::testbed::crash::digest;
using sim::testbed::crash::RecordingDevice;
using sim::testbed::crash::take_picture;

constexpr std::uint32_t block_size = 512;
constexpr std::uint64_t device_bytes = 6u << 20;

template <class Fs>
std::vector<std::byte> memory_of() {
    return std::vector<std::byte>(Fs::memory_needed(device_bytes / 4096, 64));
}

template <class Fs>
std::vector<std::byte> formatted() {
    MemoryDevice device{block_size, device_bytes / block_size};
    std::vector<std::byte> memory = memory_of<Fs>();
    EXPECT_TRUE(Fs::format(device, memory));
    return device.bytes();
}

struct History {
    std::vector<std::uint64_t> digests;   ///< after so many calls
    std::vector<std::uint64_t> durable;   ///< the last durable call, after so many
};

// Random calls; both states are noted after each.
template <class Fs>
History record(RecordingDevice& device, std::uint64_t seed, std::uint64_t calls) {
    std::vector<std::byte> memory = memory_of<Fs>();
    Fs fs{device, memory};
    Reference reference;
    EXPECT_TRUE(fs.mount());
    Features features;
    features.file_max = 64 * 1024;
    features.large_one_in = 1000;
    RandomCalls walk{fs, reference, seed, features};
    History history;
    const auto note = [&](bool durable) {
        history.durable.push_back(durable             ? history.digests.size()
                                  : history.durable.empty() ? 0
                                                      : history.durable.back());
        history.digests.push_back(digest(*take_picture(reference)));
        device.mark(history.digests.size() - 1);
    };
    note(true);
    for (std::uint64_t i = 0; i < calls; ++i) {
        if (!walk.step()) {
            ADD_FAILURE() << walk.failure();
            break;
        }
        note(walk.durable());
    }
    return history;
}

// Empty if the state is one that may be found.
template <class Fs>
std::string judge(CrashDevice& device, const CrashState& state, const History& history,
                  std::vector<std::byte>& memory) {
    Fs fs{device, memory};
    if (const auto mounted = fs.mount(); !mounted) {
        return "mount: error " + std::to_string(static_cast<int>(mounted.error()));
    }
    const auto picture = take_picture(fs);
    if (!picture) return "\"" + picture.error().path + "\" cannot be read";
    const std::uint64_t found = digest(*picture);
    for (std::uint64_t i = history.durable[state.mark]; i <= state.mark; ++i) {
        if (history.digests[i] == found) return {};
    }
    return "not what was there after any call from " +
           std::to_string(history.durable[state.mark]) + " to " + std::to_string(state.mark);
}

struct Outcome {
    std::uint64_t states = 0;
    std::string failure;
};

template <class Fs>
Outcome crash_everywhere(std::uint64_t seed, std::uint64_t calls, bool lies) {
    RecordingDevice device{formatted<Fs>(), block_size, lies};
    const History history = record<Fs>(device, seed, calls);
    std::vector<std::byte> memory = memory_of<Fs>();
    CrashStates states{device.recording(), block_size, CrashBounds{.seed = seed}};
    Outcome outcome;
    outcome.states = states.for_each([&](CrashDevice& crashed, const CrashState& state) {
        outcome.failure = judge<Fs>(crashed, state, history, memory);
        if (!outcome.failure.empty()) {
            outcome.failure = "seed " + std::to_string(seed) + ", state " +
                              std::to_string(state.number) + ", " + state.text + ": " +
                              outcome.failure;
        }
        return outcome.failure.empty();
    });
    return outcome;
}

template <class Fs>
class Crash : public testing::Test {};
TYPED_TEST_SUITE(Crash, Kinds, KindNames);

TYPED_TEST(Crash, EveryStateIsOneThatWasThere) {
    const std::uint64_t seeds = fs_model::effort(5, 40);
    std::uint64_t states = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const Outcome outcome = crash_everywhere<TypeParam>(seed, 400, false);
        EXPECT_EQ(outcome.failure, "");
        states += outcome.states;
    }
    EXPECT_GT(states, seeds * 100) << "too few states: nothing was tested";
    this->RecordProperty("states", std::to_string(states));
}

// A disk that acknowledges flushes and does not do them breaks what the format relies on: if no
// state failed, the states or the judge would be worthless.
TYPED_TEST(Crash, ALyingDiskIsCaught) {
    EXPECT_NE(crash_everywhere<TypeParam>(1, 400, true).failure, "");
}

}  // namespace
}  // namespace tests::fs_durable
