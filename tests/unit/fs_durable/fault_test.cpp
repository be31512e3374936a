// Devices that fail: after every failure the disk holds what was there after some call, and not
// before the last one that promised durability.
#include <gtest/gtest.h>

#include <memory>

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
using sim::testbed::crash::digest;
using sim::testbed::crash::take_picture;

constexpr std::uint64_t device_bytes = 8u << 20;

// Calls until one answers Error::io, or `calls`; then mounts what is there. Whether it failed.
template <class Fs>
bool run_until_failure(std::uint64_t seed, std::uint64_t calls) {
    MemoryDevice device{4096, device_bytes / 4096};
    std::vector<std::byte> memory(Fs::check_memory_needed(device.blocks(), 64));
    EXPECT_TRUE(Fs::format(device, memory));
    Reference reference;
    std::vector<std::uint64_t> digests;
    std::uint64_t durable = 0;
    bool failed = false;
    {
        Fs fs{device, memory};
        EXPECT_TRUE(fs.mount());
        Features features;
        features.file_max = 20'000;
        features.large_one_in = 1000;
        RandomCalls walk{fs, reference, seed, features};
        device.fail(seed * 7 % 97, 1 + seed % 3);
        for (std::uint64_t i = 0; i < calls && !failed; ++i) {
            digests.push_back(digest(*take_picture(reference)));
            if (walk.durable()) durable = digests.size() - 1;
            if (walk.step()) continue;
            EXPECT_TRUE(walk.io_seen()) << walk.failure();
            failed = true;
        }
        // The reference may have made the call that failed here.
        digests.push_back(digest(*take_picture(reference)));
    }
    device.heal();
    Fs fs{device, memory};
    const auto mounted = fs.mount();
    EXPECT_TRUE(mounted) << "seed " << seed << ": error " << static_cast<int>(mounted.error());
    const auto picture = take_picture(fs);
    EXPECT_TRUE(picture) << "seed " << seed;
    if (!mounted || !picture) return failed;
    const auto first = digests.begin() + static_cast<std::ptrdiff_t>(durable);
    EXPECT_NE(std::find(first, digests.end(), digest(*picture)), digests.end())
        << "seed " << seed << ": not what was there after any call from " << durable << " to "
        << digests.size();
    EXPECT_TRUE(fs.unmount());
    EXPECT_EQ(problems_on<Fs>(device, memory), "") << "seed " << seed;
    return failed;
}

template <class Fs>
class Faults : public testing::Test {};
TYPED_TEST_SUITE(Faults, Kinds, KindNames);

TYPED_TEST(Faults, AfterAFailureTheLastCommitIsThere) {
    const std::uint64_t seeds = fs_model::effort(100, 2000);
    constexpr std::uint64_t calls = KindOf<TypeParam>::calls_until_failure;
    std::uint64_t failures = 0;
    for (std::uint64_t seed = 1; seed <= seeds && !this->HasFailure(); ++seed) {
        failures += run_until_failure<TypeParam>(seed, calls) ? 1 : 0;
    }
    EXPECT_GT(failures, seeds / 4) << "the device hardly ever failed: nothing was tested";
}

// A failed call that changed nothing on the way may be tried again.
TYPED_TEST(Faults, AFailedWriteOfACommitMayBeTriedAgain) {
    using Fs = TypeParam;
    MemoryDevice device{4096, device_bytes / 4096};
    std::vector<std::byte> memory(Fs::memory_needed(device.blocks(), 64));
    ASSERT_TRUE(Fs::format(device, memory));
    Fs fs{device, memory};
    ASSERT_TRUE(fs.mount());
    ASSERT_TRUE(fs.create(fs.root(), "a", {}));
    device.fail(0, 1);
    ASSERT_FALSE(fs.sync());
    ASSERT_TRUE(fs.sync());
    Fs again{device, memory};
    ASSERT_TRUE(again.mount());
    EXPECT_TRUE(again.lookup(again.root(), "a"));
}

// A flush that failed leaves two possible truths: nothing more is promised until the next mount.
TYPED_TEST(Faults, AfterAFailedFlushNothingIsPromised) {
    using Fs = TypeParam;
    MemoryDevice device{4096, device_bytes / 4096};
    std::vector<std::byte> memory(Fs::memory_needed(device.blocks(), 64));
    ASSERT_TRUE(Fs::format(device, memory));
    Fs fs{device, memory};
    ASSERT_TRUE(fs.mount());
    ASSERT_TRUE(fs.create(fs.root(), "a", {}));
    // Nodes, the map, then the first flush.
    for (std::uint64_t call = 1; call < 20; ++call) {
        device.fail(call, 1);
        if (!fs.sync() && !fs.create(fs.root(), "b", {})) break;
        device.heal();
        static_cast<void>(fs.create(fs.root(), "c" + std::to_string(call), {}));
    }
    device.heal();
    EXPECT_EQ(fs.sync().error(), libos::fs::Error::io);
    EXPECT_EQ(fs.lookup(fs.root(), "a").error(), libos::fs::Error::io);
    ASSERT_TRUE(fs.mount());
    EXPECT_TRUE(fs.create(fs.root(), "new", {}));
    EXPECT_TRUE(fs.sync());
}

}  // namespace
}  // namespace tests::fs_durable
