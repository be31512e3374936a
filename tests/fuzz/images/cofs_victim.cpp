#include "libos/fs/checksum.hpp"
#include "libos/fs/cofs/cofs.hpp"
#include "libos/fs/cofs/store/node.hpp"
#include "tests/fuzz/images/use.hpp"
#include "tests/fuzz/images/victims.hpp"

namespace tests::fuzz {

namespace {

using libos::fs::load;
using libos::fs::store;
using libos::fs::cofs::block_bytes;
using libos::fs::cofs::CheckReport;
using libos::fs::cofs::Cofs;

constexpr std::uint64_t blocks = 1024;
constexpr std::uint32_t node_magic = 0x444e4643;
constexpr std::uint32_t map_magic = 0x504d4643;

std::span<std::byte> memory() {
    static std::vector<std::byte> all(Cofs::check_memory_needed(blocks, 64));
    return all;
}

bool metadata(std::span<const std::byte> block, std::uint64_t) {
    const auto magic = load<std::uint32_t>(block);
    return magic == node_magic || magic == map_magic ||
           load<std::uint64_t>(block) == libos::fs::cofs::superblock_magic;
}

void seal(OverlayDevice& device, std::uint64_t number) {
    const auto block = device.change(number, block_bytes);
    const auto magic = load<std::uint32_t>(block);
    if (magic == node_magic) return libos::fs::cofs::Node{block}.seal();
    const bool map = magic == map_magic;
    const std::size_t at = map ? 4 : 8;
    store(block, at, std::uint32_t{0});
    store(block, at,
          libos::fs::checksum(block.first(map ? block_bytes
                                              : sizeof(libos::fs::cofs::Superblock))));
}

OverlayDevice make() {
    OverlayDevice device{std::vector<std::byte>(blocks * block_bytes), block_bytes};
    static_cast<void>(Cofs::format(device, memory()));
    Cofs fs{device, memory()};
    static_cast<void>(fs.mount());
    populate(fs, false);
    return {{device.bytes().begin(), device.bytes().end()}, block_bytes};
}

bool use(OverlayDevice& device, std::uint32_t seed) {
    Cofs fs{device, memory()};
    if (!fs.mount()) return false;
    std::string refused;
    const auto seen = walk(fs, refused);
    std::minstd_rand random{seed + 1};
    disturb(fs, seen, random);
    static_cast<void>(fs.unmount());
    return true;
}

std::string check(OverlayDevice& device, bool repair, ImageEnd& end) {
    CheckReport report;
    const auto checked = Cofs::check(device, memory(), report, repair);
    end.problems = end.problems || report.problems > 0;
    if (!checked || !repair || report.repaired < report.problems) return {};
    end.repaired = end.repaired || report.problems > 0;
    CheckReport again;
    if (!Cofs::check(device, memory(), again, false)) return "cofs: repaired, and no file system";
    if (again.problems > 0) {
        return "cofs: repaired, and then: " +
               std::string{libos::fs::cofs::describe(again.findings[0].problem)};
    }
    Cofs fs{device, memory()};
    const auto mounted = fs.mount();
    if (!mounted) return "cofs: repaired, and does not mount";
    std::string refused;
    static_cast<void>(walk(fs, refused));
    return refused.empty() ? "" : "cofs: repaired, and then " + refused;
}

}  // namespace

const Victim cofs_victim{{block_bytes, metadata, seal}, make, use, check};

}  // namespace tests::fuzz
