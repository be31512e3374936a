#include "sim/testbed/fs/cofs_format.hpp"

#include <array>

#include "libos/fs/cofs/cofs.hpp"
#include "sim/testbed/fs/choices.hpp"
#include "sim/testbed/fs/durable_format.hpp"

namespace sim::testbed::fs {

namespace {

namespace cofs = libos::fs::cofs;

struct Parts {
    Parts(ImageDevice& device, const cofs::MountOptions& options)
        : memory(cofs::Cofs::memory_needed(blocks_of(device), durable_cached_blocks)),
          fs{device, memory, options} {}

    std::vector<std::byte> memory;
    cofs::Cofs fs;
};

class Owner final : Parts, public Adapter<cofs::Cofs> {
public:
    Owner(ImageDevice& device, const cofs::MountOptions& options)
        : Parts{device, options}, Adapter{Parts::fs} {}
};

std::expected<std::unique_ptr<AnyFileSystem>, std::string> open(ImageDevice& device,
                                                                const OpenOptions& options) {
    if (const auto fits = check_families(options, {.space = true, .commit = true}); !fits) {
        return std::unexpected(fits.error());
    }
    const cofs::MountOptions own;
    const auto choices = choices_of(options, {own.cache, own.allocation});
    if (!choices) return std::unexpected(choices.error());
    if (!options.commit.empty() && options.commit != "two-flushes" &&
        options.commit != "one-flush") {
        return std::unexpected("no commit \"" + options.commit +
                               "\"; expected one of: two-flushes, one-flush");
    }
    const auto commit = options.commit == "one-flush" ? cofs::Commit::one_flush : own.commit;
    return std::make_unique<Owner>(
        device, cofs::MountOptions{choices->cache, choices->allocation, commit});
}

struct Traits {
    using Fs = cofs::Cofs;
    using Report = cofs::CheckReport;
    static constexpr std::string_view name = "cofs";
    static constexpr auto block_bytes = cofs::block_bytes;
    static constexpr std::uint64_t blocks_min = cofs::blocks_min;
    static constexpr std::uint64_t magic = cofs::superblock_magic;
    static std::array<cofs::BlockNumber, 4> superblocks(std::uint64_t blocks) {
        return cofs::superblock_places(static_cast<std::uint32_t>(blocks));
    }
};

}  // namespace

Format cofs_format() {
    return {.names = {"cofs"},
            .summary = "the co-locating file system: no crash tears it",
            .recognises = recognises_durable<Traits>,
            .make = make_durable<Traits>,
            .open = open,
            .check = check_durable<Traits>};
}

}  // namespace sim::testbed::fs
