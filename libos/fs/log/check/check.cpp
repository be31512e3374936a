/// Checking a device, and going back to a state that is whole.

#include <algorithm>

#include "kernel/base/result.hpp"
#include "libos/fs/log/check/checker.hpp"
#include "libos/fs/log/log.hpp"

namespace libos::fs::log {

namespace {

using kernel::base::Arena;

std::size_t tables_room(const Geometry& g) {
    return Arena::room<std::uint64_t>(g.blocks / 64 + 1) + Arena::room<std::uint32_t>(g.inodes) +
           Arena::room<std::uint32_t>(g.segments);
}

void clear(const CheckTables& tables) {
    std::ranges::fill(tables.claimed, std::uint64_t{0});
    std::ranges::fill(tables.names, 0u);
    std::ranges::fill(tables.live, 0u);
}

// Both regions then hold what is in memory, counted anew.
Result<void> settle(Store& store, const CheckTables& tables) {
    store.recount(tables.live);
    TRY(store.checkpoint());
    TRY(store.begin());
    return store.checkpoint();
}

void mark_repaired(CheckReport& report, bool rolled_back) {
    if (rolled_back) {
        report.problems = 1;
        report.findings[0] = {Problem::rolled_back, 0, 0, true};
    }
    report.repaired = report.problems;
    for (Finding& finding : report.findings) finding.repaired = true;
}

}  // namespace

std::size_t Log::check_memory_needed(std::uint64_t blocks, std::uint32_t cached) {
    const auto used = static_cast<std::uint32_t>(std::min(blocks, DeviceRef::blocks_max));
    return memory_needed(used, cached) + tables_room(Geometry::of(std::max(used, blocks_min)));
}

Result<void> Log::check(DeviceRef device, std::span<std::byte> memory, CheckReport& report,
                        bool repair) {
    report = {};
    if (device.blocks() < blocks_min) return error(Error::invalid);
    const Geometry g = Geometry::of(device.blocks());
    const std::size_t room = tables_room(g);
    if (memory.size() < room) return error(Error::no_memory);
    Arena arena{memory.first(room)};
    const CheckTables tables{arena.take<std::uint64_t>(g.blocks / 64 + 1),
                             arena.take<std::uint32_t>(g.inodes),
                             arena.take<std::uint32_t>(g.segments)};
    Store store{device};
    TRY(store.build(memory.subspan(room)));
    constexpr std::uint32_t states = 4;  // what Store::open() can go back to
    CheckReport first;
    Result<void> opened_first = error(Error::corrupt);
    for (std::uint32_t skip = 0; skip < states; ++skip) {
        report = {};
        clear(tables);
        const auto opened = store.open(skip);
        if (skip == 0) opened_first = opened;
        if (opened) {
            Checker checker{store, tables, report};
            TRY(checker.run());
            if (checker.sound() && repair && (report.problems > 0 || skip > 0)) {
                TRY(settle(store, tables));
                mark_repaired(report, skip > 0);
                return {};
            }
            if (checker.sound() && skip == 0) return {};
        }
        if (skip == 0) first = report;
        if (!repair) break;
    }
    report = first;
    return opened_first;
}

}  // namespace libos::fs::log
