#include "libos/fs/checksum.hpp"
#include "libos/fs/cofs/cofs.hpp"
#include "libos/fs/cofs/store/node.hpp"
#include "tests/fuzz/images/durable_victim.hpp"

namespace tests::fuzz {

namespace {

using libos::fs::load;
using libos::fs::store;
using libos::fs::cofs::block_bytes;
using libos::fs::cofs::CheckReport;
using libos::fs::cofs::Cofs;

constexpr std::uint32_t node_magic = 0x444e4643;
constexpr std::uint32_t map_magic = 0x504d4643;

std::span<std::byte> memory() {
    static std::vector<std::byte> all(Cofs::check_memory_needed(durable_blocks, 64));
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

OverlayDevice make() { return make_durable<Cofs>(memory(), block_bytes, false); }

bool use(OverlayDevice& device, std::uint32_t seed) {
    Cofs fs{device, memory()};
    return use_durable(fs, seed);
}

std::string check(OverlayDevice& device, bool repair, ImageEnd& end) {
    return check_durable<Cofs, CheckReport>(device, memory(), "cofs", repair, end);
}

}  // namespace

const Victim cofs_victim{{block_bytes, metadata, seal}, make, use, check};

}  // namespace tests::fuzz
