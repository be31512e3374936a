#include "sim/testbed/fs/log_format.hpp"

#include <algorithm>
#include <array>

#include "libos/fs/log/log.hpp"
#include "sim/testbed/fs/choices.hpp"
#include "sim/testbed/fs/durable_format.hpp"

namespace sim::testbed::fs {

namespace {

namespace lfs = libos::fs::log;

struct Parts {
    Parts(ImageDevice& device, const lfs::MountOptions& options)
        : memory(lfs::Log::memory_needed(blocks_of(device), durable_cached_blocks)),
          fs{device, memory, options} {}

    std::vector<std::byte> memory;
    lfs::Log fs;
};

class Owner final : Parts, public Adapter<lfs::Log> {
public:
    Owner(ImageDevice& device, const lfs::MountOptions& options)
        : Parts{device, options}, Adapter{Parts::fs} {}
};

std::expected<std::unique_ptr<AnyFileSystem>, std::string> open(ImageDevice& device,
                                                                const OpenOptions& options) {
    if (const auto fits = check_families(options, {.cleaner = true}); !fits) {
        return std::unexpected(fits.error());
    }
    lfs::MountOptions mount;
    const auto choices = choices_of(options, {mount.cache, 0});
    if (!choices) return std::unexpected(choices.error());
    mount.cache = choices->cache;
    if (!options.cleaner.empty()) {
        const auto found = std::ranges::find(lfs::cleaning_names, options.cleaner);
        if (found == lfs::cleaning_names.end()) {
            return std::unexpected(fmt::format("no cleaner \"{}\"; expected one of: {}",
                                               options.cleaner,
                                               fmt::join(lfs::cleaning_names, ", ")));
        }
        mount.cleaning = static_cast<lfs::Cleaning>(found - lfs::cleaning_names.begin());
    }
    return std::make_unique<Owner>(device, mount);
}

struct Traits {
    using Fs = lfs::Log;
    using Report = lfs::CheckReport;
    static constexpr std::string_view name = "log";
    static constexpr auto block_bytes = lfs::block_bytes;
    static constexpr std::uint64_t blocks_min = lfs::blocks_min;
    static constexpr std::uint64_t magic = lfs::superblock_magic;
    static std::array<std::uint64_t, 2> superblocks(std::uint64_t blocks) {
        return {0, blocks - 1};
    }
};

}  // namespace

Format log_format() {
    return {.names = {"log"},
            .summary = "the log-structured file system: writes where it wrote last",
            .recognises = recognises_durable<Traits>,
            .make = make_durable<Traits>,
            .open = open,
            .check = check_durable<Traits>};
}

}  // namespace sim::testbed::fs
