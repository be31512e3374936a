// What cofs and log are asked alike: a whole file system, used and checked as a victim of edits.
#pragma once

#include "tests/fuzz/images/use.hpp"
#include "tests/fuzz/images/victims.hpp"

namespace tests::fuzz {

inline constexpr std::uint64_t durable_blocks = 1024;

// An image of `F` with files on it. `mark`: see populate().
template <class F>
OverlayDevice make_durable(std::span<std::byte> memory, std::uint32_t block_bytes, bool mark) {
    OverlayDevice device{std::vector<std::byte>(durable_blocks * block_bytes), block_bytes};
    static_cast<void>(F::format(device, memory));
    F fs{device, memory};
    static_cast<void>(fs.mount());
    populate(fs, mark);
    return {{device.bytes().begin(), device.bytes().end()}, block_bytes};
}

template <class F>
bool use_durable(F& fs, std::uint32_t seed) {
    if (!fs.mount()) return false;
    std::string refused;
    const auto seen = walk(fs, refused);
    std::minstd_rand random{seed + 1};
    disturb(fs, seen, random);
    static_cast<void>(fs.unmount());
    return true;
}

// Victim::check of the format called `name`, whose report is a `Report`.
template <class F, class Report>
std::string check_durable(OverlayDevice& device, std::span<std::byte> memory,
                          const std::string& name, bool repair, ImageEnd& end) {
    Report report;
    const auto checked = F::check(device, memory, report, repair);
    end.problems = end.problems || report.problems > 0;
    if (!checked || !repair || report.repaired < report.problems) return {};
    end.repaired = end.repaired || report.problems > 0;
    Report again;
    if (!F::check(device, memory, again, false)) return name + ": repaired, and no file system";
    if (again.problems > 0) {
        return name + ": repaired, and then: " + std::string{describe(again.findings[0].problem)};
    }
    F fs{device, memory};
    if (!fs.mount()) return name + ": repaired, and does not mount";
    std::string refused;
    static_cast<void>(walk(fs, refused));
    return refused.empty() ? "" : name + ": repaired, and then " + refused;
}

}  // namespace tests::fuzz
