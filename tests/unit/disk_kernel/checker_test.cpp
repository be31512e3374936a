// The checker of disks is not blind: each part of one, broken on purpose, is found.
#include <gtest/gtest.h>

#include "kernel/disk/disk.hpp"
#include "tests/unit/disk_kernel/disk_cell.hpp"

namespace tests::disk_kernel {
namespace {

using kernel::abi::CachedBlock;
using kernel::abi::FrameNumber;
using kernel::disk::Disk;
using kernel::disk::Queue;

constexpr std::uint32_t id = 9;  // an environment that has no ring
constexpr std::uint32_t disk_blocks = 1024;

// A machine's memory, to be broken, and the disk in it.
class Copy {
public:
    explicit Copy(std::span<const std::byte> pool) : pool_{pool.begin(), pool.end()} {}

    kernel::abi::DiskInfo& info() { return part<kernel::abi::DiskInfo>(0); }
    Disk& disk() { return part<Disk>(kernel::abi::info_disk_pages); }
    Queue& queue() { return disk().queues[id]; }
    CachedBlock& cached(std::uint32_t index) {
        return part<kernel::abi::Registry>(kernel::abi::info_disk_pages - 1).entries[index];
    }
    // Environment `id` says so.
    void cache(std::uint32_t index, std::uint32_t block) {
        cached(index) = CachedBlock{};
        cached(index).block = block;
        cached(index).frame = kernel::machine::pool_first;
        cached(index).env = kernel::abi::EnvId{id};
    }
    std::string found() const { return sim::checkers::verify_conservation(pool_); }

private:
    // The last of the kernel's frames is the root account's; before it lies the disk.
    template <class T>
    T& part(std::uint32_t page) {
        const auto& system = *reinterpret_cast<const kernel::abi::SystemInfo*>(pool_.data());
        const std::uint32_t first = system.kernel_frames - 1 - kernel::disk::object_frames;
        return *reinterpret_cast<T*>(pool_.data() + (first + page) * kernel::abi::page_size);
    }

    std::vector<std::byte> pool_;
};

// What the checker must say of it.
struct Damage {
    const char* words;
    void (*done)(Copy&);
};

constexpr Damage all[] = {
    {"requests wait, counted as", [](Copy& in) { in.info().waiting++; }},
    {"more requests than it has channels", [](Copy& in) { in.info().in_service = 40; }},
    {"is nobody's and has requests", [](Copy& in) { in.queue().submitted = 1; }},
    {"has more requests than fit",
     [](Copy& in) {
         in.queue().env = kernel::machine::pool_first;
         in.queue().submitted = kernel::abi::disk_requests_max + 1;
     }},
    {"more was taken than submitted",
     [](Copy& in) {
         in.queue().env = kernel::machine::pool_first;
         in.queue().taken = 1;
     }},
    {"a request is served and not taken",
     [](Copy& in) {
         in.info().in_service = 1;
         in.disk().served[0].id = kernel::abi::EnvId{id};
         in.disk().served[0].number = in.queue().number;
     }},
    {"is cached twice",
     [](Copy& in) {
         in.cache(70, 5);
         in.cache(71, 5);
     }},
    {"too many of its blocks are cached",
     [](Copy& in) {
         for (std::uint32_t i = 0; i <= kernel::abi::registry_own_max; ++i) in.cache(i, i);
     }},
    {"a block that it has not is cached", [](Copy& in) { in.cache(0, disk_blocks); }},
};

TEST(DiskChecker, IsNotBlind) {
    std::uint32_t events = 0;
    sim::machine::HostedOptions hosted;
    hosted.disks.push_back({blank(disk_blocks)});
    hosted.verify = [&](std::span<std::byte> pool) {
        constexpr std::uint32_t when = 20;
        if (++events != when) return;
        ASSERT_EQ(Copy{pool}.found(), "");
        for (const Damage& damage : all) {
            Copy broken{pool};
            damage.done(broken);
            EXPECT_NE(broken.found().find(damage.words), std::string::npos)
                << damage.words << ": " << broken.found();
        }
    };
    const CellOptions probe{.envs = {{"root", "disk_probe"}}};
    const auto result = sim::machine::run_hosted(bundle_of(probe), 0, hosted);
    EXPECT_EQ(result.error, "");
    EXPECT_GT(events, 20u);
}

}  // namespace
}  // namespace tests::disk_kernel
