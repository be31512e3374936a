// What cofs and log have in common as formats of the tools: how their images are recognised, made
// and checked.
//
// A file system F comes with Traits of its own:
//     Fs, Report          the class, and what its check() fills
//     name                as people call it
//     block_bytes, blocks_min, magic
//     superblocks(blocks) where superblocks lie: any of them says what the image is
#pragma once

#include <algorithm>
#include <ctime>
#include <vector>

#include <fmt/format.h>

#include "libos/fs/bytes.hpp"
#include "libos/fs/device_ref.hpp"
#include "sim/testbed/fs/error_text.hpp"
#include "sim/testbed/fs/format.hpp"

namespace sim::testbed::fs {

inline constexpr std::uint32_t durable_cached_blocks = 4096;  // 16 MiB

inline std::uint64_t blocks_of(const ImageDevice& device) {
    return libos::fs::DeviceRef{const_cast<ImageDevice&>(device)}.blocks();
}

template <class Traits>
bool recognises_durable(ImageDevice& device) {
    const std::uint64_t blocks = blocks_of(device);
    if (blocks < Traits::blocks_min) return false;
    std::vector<std::byte> bytes(Traits::block_bytes);
    for (const std::uint64_t block : Traits::superblocks(blocks)) {
        const std::uint64_t first = block * (Traits::block_bytes / device.block_size());
        if (device.read(first, bytes) &&
            libos::fs::load<std::uint64_t>(bytes) == Traits::magic) {
            return true;
        }
    }
    return false;
}

template <class Traits>
std::expected<std::string, std::string> make_durable(ImageDevice& device, const std::string&,
                                                     const MakeOptions& options) {
    constexpr std::uint64_t mebibyte = 1 << 20;
    if (!options.label.empty()) {
        return std::unexpected(fmt::format("{} has no labels", Traits::name));
    }
    if (options.block_size != 0 && options.block_size != Traits::block_bytes) {
        return std::unexpected(
            fmt::format("{} has blocks of {} bytes only", Traits::name, Traits::block_bytes));
    }
    const std::uint64_t blocks = blocks_of(device);
    if (blocks < Traits::blocks_min) {
        return std::unexpected(fmt::format("too small for {}: expected at least {} MiB",
                                           Traits::name,
                                           Traits::blocks_min * Traits::block_bytes / mebibyte));
    }
    const std::int64_t now = std::time(nullptr);
    std::vector<std::byte> memory(Traits::Fs::memory_needed(blocks));
    const auto made = Traits::Fs::format(
        device, memory,
        {.now = {now, 0}, .salt = options.serial.value_or(static_cast<std::uint32_t>(now))});
    if (!made) return std::unexpected(text(made.error()));
    return fmt::format("{}: {} blocks of {} bytes", Traits::name, blocks, Traits::block_bytes);
}

template <class Finding>
CheckFinding finding_of(const Finding& found) {
    CheckFinding finding{.where = {}, .what = std::string{describe(found.problem)},
                         .repaired = found.repaired};
    if (found.inode != 0) finding.what += fmt::format(" (inode {})", found.inode);
    if (found.block != 0) finding.what += fmt::format(" (block {})", found.block);
    return finding;
}

template <class Traits>
std::expected<CheckSummary, std::string> check_durable(ImageDevice& device, bool repair,
                                                       const TellFinding& tell) {
    const std::uint64_t blocks = blocks_of(device);
    if (blocks < Traits::blocks_min) {
        return std::unexpected(fmt::format("too small for {}", Traits::name));
    }
    std::vector<std::byte> memory(Traits::Fs::check_memory_needed(blocks, durable_cached_blocks));
    typename Traits::Report report;
    const auto checked = Traits::Fs::check(device, memory, report, repair);
    const auto listed = std::min<std::uint64_t>(report.problems, report.findings_max);
    for (std::uint64_t i = 0; i < listed; ++i) tell(finding_of(report.findings[i]));
    if (report.problems > listed) {
        tell({.where = {},
              .what = fmt::format("and {} more problems, {} of all repaired",
                                  report.problems - listed, report.repaired),
              .repaired = report.repaired == report.problems});
    }
    if (!checked) return std::unexpected(text(checked.error()));
    return CheckSummary{.files = report.files - report.directories,
                        .directories = report.directories,
                        .blocks = blocks,
                        .blocks_free = blocks - report.blocks_used()};
}

}  // namespace sim::testbed::fs
