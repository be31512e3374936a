#include "sim/testbed/fs/cofs_format.hpp"

#include <ctime>

#include <fmt/format.h>

#include "libos/fs/cofs/cofs.hpp"
#include "sim/testbed/fs/error_text.hpp"

namespace sim::testbed::fs {

namespace {

namespace cofs = libos::fs::cofs;

constexpr std::uint32_t cached_blocks = 4096;  // 16 MiB
constexpr std::uint64_t mebibyte = 1 << 20;

std::uint64_t blocks_of(const ImageDevice& device) {
    return libos::fs::DeviceRef{const_cast<ImageDevice&>(device)}.blocks();
}

struct Parts {
    explicit Parts(ImageDevice& device)
        : memory(cofs::Cofs::memory_needed(blocks_of(device), cached_blocks)),
          fs{device, memory} {}

    std::vector<std::byte> memory;
    cofs::Cofs fs;
};

class Owner final : Parts, public Adapter<cofs::Cofs> {
public:
    explicit Owner(ImageDevice& device) : Parts{device}, Adapter{Parts::fs} {}
};

// Any of the four superblocks says what it is.
bool recognises(ImageDevice& device) {
    const std::uint64_t blocks = blocks_of(device);
    if (blocks < cofs::blocks_min) return false;
    std::vector<std::byte> bytes(cofs::block_bytes);
    for (const std::uint64_t block : {std::uint64_t{0}, std::uint64_t{1}, blocks - 2, blocks - 1}) {
        const std::uint64_t first = block * (cofs::block_bytes / device.block_size());
        if (device.read(first, bytes) &&
            cofs::load<std::uint64_t>(bytes) == cofs::superblock_magic) {
            return true;
        }
    }
    return false;
}

std::expected<std::string, std::string> make(ImageDevice& device, const std::string&,
                                             const MakeOptions& options) {
    if (!options.label.empty()) return std::unexpected("cofs has no labels");
    if (options.block_size != 0 && options.block_size != cofs::block_bytes) {
        return std::unexpected(
            fmt::format("cofs has blocks of {} bytes only", cofs::block_bytes));
    }
    const std::uint64_t blocks = blocks_of(device);
    if (blocks < cofs::blocks_min) {
        return std::unexpected(fmt::format("too small for cofs: expected at least {} MiB",
                                           cofs::blocks_min * cofs::block_bytes / mebibyte));
    }
    const std::int64_t now = std::time(nullptr);
    std::vector<std::byte> memory(cofs::Cofs::memory_needed(blocks));
    const auto made = cofs::Cofs::format(
        device, memory,
        {.now = {now, 0},
         .salt = options.serial.value_or(static_cast<std::uint32_t>(now))});
    if (!made) return std::unexpected(text(made.error()));
    return fmt::format("cofs: {} blocks of {} bytes", blocks, cofs::block_bytes);
}

CheckFinding finding_of(const cofs::Finding& found) {
    CheckFinding finding{.where = {}, .what = std::string{cofs::describe(found.problem)},
                         .repaired = found.repaired};
    if (found.inode != 0) finding.what += fmt::format(" (inode {})", found.inode);
    if (found.block != 0) finding.what += fmt::format(" (block {})", found.block);
    return finding;
}

std::expected<CheckSummary, std::string> check(ImageDevice& device, bool repair,
                                               const TellFinding& tell) {
    const std::uint64_t blocks = blocks_of(device);
    if (blocks < cofs::blocks_min) return std::unexpected("too small for cofs");
    std::vector<std::byte> memory(
        cofs::Cofs::check_memory_needed(blocks, cached_blocks));
    cofs::CheckReport report;
    const auto checked = cofs::Cofs::check(device, memory, report, repair);
    const std::uint64_t listed =
        std::min<std::uint64_t>(report.problems, cofs::CheckReport::findings_max);
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
                        .blocks_free = blocks - report.nodes - report.data_blocks};
}

}  // namespace

Format cofs_format() {
    return {.names = {"cofs"},
            .summary = "the co-locating file system: no crash tears it",
            .recognises = recognises,
            .make = make,
            .open = open_plain<Owner>,
            .check = check};
}

}  // namespace sim::testbed::fs
