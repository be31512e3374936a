#include <algorithm>

#include "libos/fs/checksum.hpp"
#include "libos/fs/log/log.hpp"
#include "tests/fuzz/images/durable_victim.hpp"

namespace tests::fuzz {

namespace {

using libos::fs::load;
using libos::fs::store;
using libos::fs::log::block_bytes;
using libos::fs::log::CheckReport;
using libos::fs::log::Geometry;
using libos::fs::log::Log;

constexpr auto blocks = static_cast<std::uint32_t>(durable_blocks);
constexpr Geometry geometry = Geometry::of(blocks);

std::span<std::byte> memory() {
    static std::vector<std::byte> all(Log::check_memory_needed(blocks, 64));
    return all;
}

bool metadata(std::span<const std::byte> block, std::uint64_t) {
    const auto magic = load<std::uint32_t>(block);
    return (magic & 0xffff'ff00) == libos::fs::log::block_magic ||
           magic == libos::fs::log::summary_magic ||
           load<std::uint64_t>(block) == libos::fs::log::superblock_magic ||
           load<std::uint64_t>(block) == libos::fs::log::region_magic;
}

void seal_head(std::span<std::byte> bytes) {
    store(bytes, 8, std::uint32_t{0});
    store(bytes, 8, libos::fs::checksum(bytes));
}

// The summaries of the log in its order tell each other's checksum and their blocks'.
void seal_summaries(OverlayDevice& device) {
    using libos::fs::log::SummaryEntry;
    using libos::fs::log::SummaryHead;
    std::vector<std::pair<std::pair<std::uint64_t, std::uint32_t>, std::uint64_t>> order;
    for (std::uint64_t b = geometry.first; b + 1 < blocks; ++b) {
        const auto bytes = device.bytes().subspan(b * block_bytes, block_bytes);
        const auto head = load<SummaryHead>(bytes);
        if (head.magic == libos::fs::log::summary_magic) {
            order.push_back({{head.epoch, head.number}, b});
        }
    }
    std::ranges::sort(order);
    std::uint32_t before = 0;
    std::pair<std::uint64_t, std::uint32_t> last{};
    for (const auto& [name, b] : order) {
        const auto bytes = device.change(b, block_bytes);
        auto head = load<SummaryHead>(bytes);
        const std::uint64_t count =
            std::min<std::uint64_t>({head.blocks, libos::fs::log::summary_entries, blocks - 1 - b});
        for (std::uint64_t i = 0; i < count; ++i) {
            const std::size_t at = sizeof head + i * sizeof(SummaryEntry);
            auto entry = load<SummaryEntry>(bytes, at);
            entry.checksum = libos::fs::checksum(
                device.bytes().subspan((b + 1 + i) * block_bytes, block_bytes));
            store(bytes, at, entry);
        }
        if (name.first == last.first && name.second == last.second + 1) head.previous = before;
        store(bytes, 0, head);
        libos::fs::log::seal_block(bytes);
        before = load<SummaryHead>(bytes).checksum;
        last = name;
    }
}

// A superblock's and a region's checksum lie at byte 8, all others at byte 4.
void seal(OverlayDevice& device, std::uint64_t block) {
    if (block == 0 || block == blocks - 1) {
        return seal_head(
            device.change(block, block_bytes).first(sizeof(libos::fs::log::Superblock)));
    }
    if (block < geometry.first) {
        const std::uint64_t region = (block - 1) / geometry.region_blocks;
        return seal_head(device.change(1 + region * geometry.region_blocks,
                                       std::uint64_t{geometry.region_blocks} * block_bytes));
    }
    libos::fs::log::seal_block(device.change(block, block_bytes));
}

void seal_all(OverlayDevice& device, std::uint64_t block) {
    seal(device, block);
    if (block >= geometry.first) seal_summaries(device);
}

OverlayDevice make() { return make_durable<Log>(memory(), block_bytes, false); }
OverlayDevice make_tail() { return make_durable<Log>(memory(), block_bytes, true); }

bool use(OverlayDevice& device, std::uint32_t seed) {
    using libos::fs::log::Cleaning;
    using libos::fs::log::cleaning_names;
    Log fs{device, memory(), {static_cast<Cleaning>(seed / 4 % cleaning_names.size())}};
    return use_durable(fs, seed);
}

std::string check(OverlayDevice& device, bool repair, ImageEnd& end) {
    return check_durable<Log, CheckReport>(device, memory(), "log", repair, end);
}

}  // namespace

const Victim log_victim{{block_bytes, metadata, seal}, make, use, check};
const Victim log_tail_victim{{block_bytes, metadata, seal_all}, make_tail, use, check};

}  // namespace tests::fuzz
