// Against the reference: random calls, with remounting, full disks and failing devices.
#include <gtest/gtest.h>

#include "tests/unit/fs_durable/kinds.hpp"
#include "tests/unit/fs_model/effort.hpp"
#include "tests/unit/fs_model/memory_device.hpp"
#include "tests/unit/fs_model/random_calls.hpp"

namespace tests::fs_durable {
namespace {

using fs_model::effort;
using fs_model::Features;
using fs_model::MemoryDevice;
using fs_model::RandomCalls;
using fs_model::Reference;

constexpr std::uint32_t mebibyte_blocks = 256;

template <class Fs>
std::vector<std::byte> memory_for(std::uint64_t mebibytes, std::uint32_t cached) {
    return std::vector<std::byte>(Fs::memory_needed(mebibytes * mebibyte_blocks, cached));
}

// `calls` calls on a disk of so many MiB in blocks of `block_size` bytes.
template <class Fs>
void run(std::uint64_t seed, std::uint64_t calls, std::uint64_t mebibytes,
         std::uint32_t block_size, std::uint32_t cached, const Features& features,
         std::uint64_t* full_count = nullptr) {
    MemoryDevice device{block_size, mebibytes * (1 << 20) / block_size};
    std::vector<std::byte> memory = memory_for<Fs>(mebibytes, cached);
    ASSERT_TRUE(Fs::format(device, memory));
    Fs fs{device, memory};
    Reference reference;
    ASSERT_TRUE(fs.mount());
    RandomCalls walk{fs, reference, seed, features};
    for (std::uint64_t i = 1; i <= calls; ++i) {
        ASSERT_TRUE(walk.step()) << walk.failure();
        if (i % 1000 == 0) {
            ASSERT_TRUE(walk.remount()) << walk.failure();
        }
        if (i % 1000 == 500) {
            ASSERT_TRUE(walk.compare()) << walk.failure();
        }
    }
    ASSERT_TRUE(fs.unmount());
    std::vector<std::byte> check_memory(Fs::check_memory_needed(mebibytes * mebibyte_blocks));
    EXPECT_EQ(problems_on<Fs>(device, check_memory), "");
    EXPECT_GT(walk.done_count(), calls / 3) << "most calls were refused";
    EXPECT_GT(walk.alive_count(), 10u);
    if (full_count != nullptr) *full_count += walk.full_count();
}

template <class Fs>
class Model : public testing::Test {};
TYPED_TEST_SUITE(Model, Kinds, KindNames);

TYPED_TEST(Model, RandomCallsAgreeWithTheReference) {
    const std::uint64_t calls = effort(10'000, 100'000);
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        run<TypeParam>(seed, calls, 64, seed % 2 == 0 ? 512 : 4096, seed % 3 == 0 ? 64 : 1024,
                       Features{});
    }
}

TYPED_TEST(Model, FullDisksChangeNothing) {
    const std::uint64_t calls = effort(10'000, 100'000);
    std::uint64_t full = 0;
    for (std::uint64_t seed = 11; seed <= 14; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        run<TypeParam>(seed, calls, 4, 1024, seed % 2 == 0 ? 64 : 256,
            Features{.file_max = 1'500'000, .large_one_in = 3}, &full);
    }
    EXPECT_GT(full, calls / 100) << "the disk was hardly ever full: nothing was tested";
}

}  // namespace
}  // namespace tests::fs_durable
