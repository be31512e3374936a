#include <memory>

#include "libos/fs/cache/block_cache.hpp"
#include "libos/fs/fat/check/check.hpp"
#include "libos/fs/fat/fat.hpp"
#include "libos/fs/fat/format.hpp"
#include "tests/fuzz/images/use.hpp"
#include "tests/fuzz/images/victims.hpp"

namespace tests::fuzz {

namespace {

namespace fat = libos::fs::fat;
using fat::Fat;
using Cache = libos::fs::cache::BlockCache<OverlayDevice>;

constexpr std::uint32_t sector = 512;
constexpr std::uint32_t cached = 32;
constexpr Fat::Options options{.inodes = 128};
constexpr int repairs_max = 4;

// Memory and a cache over a device.
struct Below {
    explicit Below(OverlayDevice& device)
        : memory(Cache::bytes(cached, sector)), arena{memory}, cache{device, arena, cached},
          blocks{cache} {}

    std::vector<std::byte> memory;
    kernel::base::Arena arena;
    Cache cache;
    libos::fs::cache::Blocks blocks;
};

struct Mounted {
    explicit Mounted(OverlayDevice& device)
        : below{device}, memory(Fat::bytes(options)), arena{memory},
          fs{below.blocks, arena, options} {}

    Below below;
    std::vector<std::byte> memory;
    kernel::base::Arena arena;
    Fat fs;
};

// The tables and the directories lie in front; the boot sector is for one edit in many.
bool metadata(std::span<const std::byte> block, std::uint64_t number) {
    if (number == 0) return true;
    for (const std::byte byte : block) {
        if (byte != std::byte{0} && byte != std::byte{'x'}) return true;
    }
    return false;
}

fat::CheckOptions check_options(bool repair) { return {.repair = repair, .depth = 64}; }

libos::fs::Result<fat::CheckResult> check_once(OverlayDevice& device, bool repair,
                                               std::string* told) {
    Below below{device};
    static std::vector<std::byte> memory;
    const std::size_t needed =
        fat::check_bytes(device.blocks() * device.block_size(), check_options(repair));
    if (memory.size() < needed) memory.resize(needed);
    kernel::base::Arena arena{memory};
    const auto tell = [](void* to, const fat::Finding& finding) {
        auto& all = *static_cast<std::string*>(to);
        if (all.empty()) all = std::string{fat::text(finding.trouble)};
    };
    fat::Report report;
    if (told != nullptr) report = {.context = told, .tell = tell};
    return fat::check(below.blocks, arena, check_options(repair), report);
}

// FAT32 is never this small where it is made, yet read it must be: a shorter one costs less.
OverlayDevice cut_short(OverlayDevice device, std::uint64_t bytes) {
    std::vector<std::byte> image{device.bytes().begin(),
                                 device.bytes().begin() + static_cast<std::ptrdiff_t>(bytes)};
    fat::store(image, fat::boot::sectors32, static_cast<std::uint32_t>(bytes / sector));
    OverlayDevice shorter{std::move(image), sector};
    static_cast<void>(check_once(shorter, true, nullptr));
    return {{shorter.bytes().begin(), shorter.bytes().end()}, sector};
}

template <std::uint32_t type>
OverlayDevice make() {
    constexpr std::uint64_t bytes = type == 12 ? 720u << 10 : type == 16 ? 3u << 20 : 34u << 20;
    OverlayDevice device{std::vector<std::byte>(bytes), sector};
    {
        Below below{device};
        static_cast<void>(fat::format(below.blocks, {.type = type, .label = "VICTIM"}));
        static_cast<void>(below.cache.flush());
    }
    if constexpr (type == 32) device = cut_short(std::move(device), 3u << 20);
    Mounted mounted{device};
    static_cast<void>(mounted.fs.mount());
    populate(mounted.fs, false);
    static_cast<void>(mounted.fs.unmount());
    return {{device.bytes().begin(), device.bytes().end()}, sector};
}

bool use(OverlayDevice& device, std::uint32_t seed) {
    Mounted mounted{device};
    if (!mounted.fs.mount()) return false;
    std::string refused;
    const auto seen = walk(mounted.fs, refused);
    std::minstd_rand random{seed + 1};
    disturb(mounted.fs, seen, random);
    static_cast<void>(mounted.fs.unmount());
    return true;
}

// Repairs until nothing is found, which must come.
std::string check(OverlayDevice& device, bool repair, ImageEnd& end) {
    std::string told;
    for (int round = 0; round < (repair ? repairs_max : 1); ++round) {
        told.clear();
        const auto checked = check_once(device, repair, &told);
        if (!checked) return {};
        end.problems = end.problems || checked->findings > 0;
        if (!repair) return {};
        if (checked->findings != 0) {
            end.repaired = true;
            continue;
        }
        Mounted mounted{device};
        if (!mounted.fs.mount()) return "fat: repaired, and does not mount";
        std::string refused;
        static_cast<void>(walk(mounted.fs, refused));
        return refused.empty() ? "" : "fat: repaired, and then " + refused;
    }
    return "fat: still found after the last repair: " + told;
}

}  // namespace

const Victim fat12_victim{{sector, metadata, nullptr}, make<12>, use, check};
const Victim fat16_victim{{sector, metadata, nullptr}, make<16>, use, check};
const Victim fat32_victim{{sector, metadata, nullptr}, make<32>, use, check};

}  // namespace tests::fuzz
