#include "sim/testbed/fs/log_format.hpp"

#include <algorithm>
#include <ctime>

#include <fmt/format.h>

#include "libos/fs/log/log.hpp"
#include "sim/testbed/fs/error_text.hpp"

namespace sim::testbed::fs {

namespace {

namespace lfs = libos::fs::log;

constexpr std::uint32_t cached_blocks = 4096;  // 16 MiB
constexpr std::uint64_t mebibyte = 1 << 20;

std::uint64_t blocks_of(const ImageDevice& device) {
    return libos::fs::DeviceRef{const_cast<ImageDevice&>(device)}.blocks();
}

struct Parts {
    Parts(ImageDevice& device, lfs::Cleaning cleaning)
        : memory(lfs::Log::memory_needed(blocks_of(device), cached_blocks)),
          fs{device, memory, {cleaning}} {}

    std::vector<std::byte> memory;
    lfs::Log fs;
};

class Owner final : Parts, public Adapter<lfs::Log> {
public:
    Owner(ImageDevice& device, lfs::Cleaning cleaning)
        : Parts{device, cleaning}, Adapter{Parts::fs} {}
};

std::expected<std::unique_ptr<AnyFileSystem>, std::string> open(ImageDevice& device,
                                                                const OpenOptions& options) {
    lfs::Cleaning cleaning = lfs::MountOptions{}.cleaning;
    if (!options.cleaner.empty()) {
        const auto found = std::ranges::find(lfs::cleaning_names, options.cleaner);
        if (found == lfs::cleaning_names.end()) {
            return std::unexpected(fmt::format("no cleaner \"{}\"; expected one of: {}",
                                               options.cleaner,
                                               fmt::join(lfs::cleaning_names, ", ")));
        }
        cleaning = static_cast<lfs::Cleaning>(found - lfs::cleaning_names.begin());
    }
    return std::make_unique<Owner>(device, cleaning);
}

// Either superblock says what it is.
bool recognises(ImageDevice& device) {
    const std::uint64_t blocks = blocks_of(device);
    if (blocks < lfs::blocks_min) return false;
    std::vector<std::byte> bytes(lfs::block_bytes);
    for (const std::uint64_t block : {std::uint64_t{0}, blocks - 1}) {
        const std::uint64_t first = block * (lfs::block_bytes / device.block_size());
        if (device.read(first, bytes) &&
            libos::fs::load<std::uint64_t>(bytes) == lfs::superblock_magic) {
            return true;
        }
    }
    return false;
}

std::expected<std::string, std::string> make(ImageDevice& device, const std::string&,
                                             const MakeOptions& options) {
    if (!options.label.empty()) return std::unexpected("log has no labels");
    if (options.block_size != 0 && options.block_size != lfs::block_bytes) {
        return std::unexpected(
            fmt::format("log has blocks of {} bytes only", lfs::block_bytes));
    }
    const std::uint64_t blocks = blocks_of(device);
    if (blocks < lfs::blocks_min) {
        return std::unexpected(fmt::format("too small for log: expected at least {} MiB",
                                           lfs::blocks_min * lfs::block_bytes / mebibyte));
    }
    const std::int64_t now = std::time(nullptr);
    std::vector<std::byte> memory(lfs::Log::memory_needed(blocks));
    const auto made = lfs::Log::format(
        device, memory,
        {.now = {now, 0},
         .salt = options.serial.value_or(static_cast<std::uint32_t>(now))});
    if (!made) return std::unexpected(text(made.error()));
    return fmt::format("log: {} blocks of {} bytes", blocks, lfs::block_bytes);
}

CheckFinding finding_of(const lfs::Finding& found) {
    CheckFinding finding{.where = {}, .what = std::string{lfs::describe(found.problem)},
                         .repaired = found.repaired};
    if (found.inode != 0) finding.what += fmt::format(" (inode {})", found.inode);
    if (found.block != 0) finding.what += fmt::format(" (block {})", found.block);
    return finding;
}

std::expected<CheckSummary, std::string> check(ImageDevice& device, bool repair,
                                               const TellFinding& tell) {
    const std::uint64_t blocks = blocks_of(device);
    if (blocks < lfs::blocks_min) return std::unexpected("too small for log");
    std::vector<std::byte> memory(
        lfs::Log::check_memory_needed(blocks, cached_blocks));
    lfs::CheckReport report;
    const auto checked = lfs::Log::check(device, memory, report, repair);
    const std::uint64_t listed =
        std::min<std::uint64_t>(report.problems, lfs::CheckReport::findings_max);
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
                        .blocks_free = blocks - report.live_blocks};
}

}  // namespace

Format log_format() {
    return {.names = {"log"},
            .summary = "the log-structured file system: writes where it wrote last",
            .recognises = recognises,
            .make = make,
            .open = open,
            .check = check};
}

}  // namespace sim::testbed::fs
