#include "sim/testbed/fs/fat_format.hpp"

#include <array>
#include <ctime>

#include <fmt/format.h>

#include "libos/fs/cache/block_cache.hpp"
#include "libos/fs/fat/check/check.hpp"
#include "libos/fs/fat/fat.hpp"
#include "libos/fs/fat/format.hpp"
#include "sim/testbed/fs/choices.hpp"
#include "sim/testbed/fs/error_text.hpp"

namespace sim::testbed::fs {

namespace {

namespace fat = libos::fs::fat;
namespace choice = libos::fs::choice;
using Cache = libos::fs::cache::BlockCache<ImageDevice, libos::policy::AnyReplacement,
                                           choice::AnyWriteBack, choice::AnyReadAhead>;

constexpr std::uint32_t cache_blocks = 8192;  // 4 MiB
constexpr std::uint32_t inodes = 1 << 16;

/// A cache over a device, with its memory.
struct Below {
    explicit Below(ImageDevice& device, const choice::CacheChoices& choices = {})
        : memory(Cache::bytes(cache_blocks, device.block_size())),
          arena{memory},
          cache{device, arena, cache_blocks, choices},
          blocks{cache} {}

    std::vector<std::byte> memory;
    kernel::base::Arena arena;
    Cache cache;
    libos::fs::cache::Blocks blocks;
};

struct Parts {
    Parts(ImageDevice& device, const Choices& choices)
        : options{.inodes = inodes, .allocation = choices.allocation},
          below{device, choices.cache},
          memory(fat::Fat::bytes(options)),
          arena{memory},
          fat{below.blocks, arena, options} {}

    fat::Fat::Options options;
    Below below;
    std::vector<std::byte> memory;
    kernel::base::Arena arena;
    fat::Fat fat;
};

class Owner final : Parts, public Adapter<fat::Fat> {
public:
    Owner(ImageDevice& device, const Choices& choices)
        : Parts{device, choices}, Adapter{Parts::fat} {}
};

std::expected<std::unique_ptr<AnyFileSystem>, std::string> open(ImageDevice& device,
                                                                const OpenOptions& options) {
    if (const auto fits = check_families(options, {.space = true}); !fits) {
        return std::unexpected(fits.error());
    }
    const auto choices = choices_of(options, {{}, fat::Fat::Options{}.allocation});
    if (!choices) return std::unexpected(choices.error());
    return std::make_unique<Owner>(device, *choices);
}

bool recognises(ImageDevice& device) {
    std::array<std::byte, fat::boot_bytes> sector;
    return device.blocks() > 0 && device.read(0, sector) &&
           fat::Geometry::read(sector, device.blocks() * device.block_size());
}

std::string refusal(Error error, const std::string& name) {
    if (error == Error::no_space) return "too small for a FAT volume";
    if (error != Error::invalid) return text(error);
    return fmt::format("no {} volume has this size with these options: fat12 has at most 4084 "
                       "clusters, fat16 4085 to 65524, fat32 more; a cluster is a power of two of "
                       "512..65536 bytes; a label has at most 11 of a-z A-Z 0-9 space _ - and "
                       "the like",
                       name);
}

std::expected<std::string, std::string> make(ImageDevice& device, const std::string& name,
                                             const MakeOptions& options) {
    Below below{device};
    const std::uint32_t type = name == "fat" ? 0 : static_cast<std::uint32_t>(
                                                       std::stoul(name.substr(3)));
    const auto geometry = fat::format(
        below.blocks,
        {.type = type,
         .cluster_bytes = options.block_size,
         .serial = options.serial.value_or(static_cast<std::uint32_t>(std::time(nullptr))),
         .label = options.label});
    if (!geometry) return std::unexpected(refusal(geometry.error(), name));
    return fmt::format("FAT{}: {} clusters of {} bytes", static_cast<int>(geometry->type),
                       geometry->clusters, geometry->cluster_bytes);
}

std::expected<CheckSummary, std::string> check(ImageDevice& device, bool repair,
                                               const TellFinding& tell) {
    Below below{device};
    const fat::CheckOptions options{.repair = repair};
    std::vector<std::byte> memory(
        fat::check_bytes(device.blocks() * device.block_size(), options));
    kernel::base::Arena arena{memory};
    const auto pass_on = [](void* context, const fat::Finding& finding) {
        CheckFinding found{.where = std::string{finding.name},
                           .what = std::string{text(finding.trouble)},
                           .repaired = finding.repaired};
        if (finding.count != 0) found.what += fmt::format(" ({})", finding.count);
        else if (finding.cluster != 0) found.what += fmt::format(" (cluster {})", finding.cluster);
        (*static_cast<const TellFinding*>(context))(found);
    };
    const auto result =
        fat::check(below.blocks, arena, options,
                   {.context = const_cast<TellFinding*>(&tell), .tell = pass_on});
    if (!result) return std::unexpected(text(result.error()));
    return CheckSummary{.files = result->files,
                        .directories = result->directories,
                        .blocks = result->clusters,
                        .blocks_free = result->clusters_free};
}

}  // namespace

Format fat_format() {
    return {.names = {"fat", "fat12", "fat16", "fat32"},
            .summary = "FAT12, FAT16 or FAT32, with long names",
            .recognises = recognises,
            .make = make,
            .open = open,
            .check = check};
}

}  // namespace sim::testbed::fs
