#include "libos/fs/fat/check/check.hpp"

#include "kernel/base/order.hpp"
#include "kernel/base/result.hpp"
#include "libos/fs/fat/check/checker.hpp"

namespace libos::fs::fat {

std::string_view text(Trouble trouble) {
    switch (trouble) {
        case Trouble::not_unmounted: return "the volume was not properly unmounted";
        case Trouble::copies_differ: return "the copies of the allocation table differ";
        case Trouble::wrong_first_entry:
            return "the allocation table does not begin with the medium's byte";
        case Trouble::broken_chain: return "its chain of clusters leads nowhere";
        case Trouble::shared_cluster: return "its chain runs into another file's cluster";
        case Trouble::chain_too_short: return "it has fewer clusters than its size needs";
        case Trouble::chain_too_long: return "it has more clusters than its size needs";
        case Trouble::directory_has_size: return "a directory's slot states a size";
        case Trouble::directory_lost: return "a directory without a cluster of its own";
        case Trouble::wrong_dots: return "\".\" or \"..\" is missing, misplaced or wrong";
        case Trouble::stray_name_parts: return "parts of a long name that belong to no file";
        case Trouble::bad_name: return "a name that cannot stand";
        case Trouble::same_name: return "another file of the directory has this name";
        case Trouble::too_deep: return "too deep: what is below was not looked at";
        case Trouble::lost_clusters: return "clusters in use that belong to no file";
        case Trouble::wrong_free_count: return "the count of free clusters is wrong";
    }
    return "";
}

namespace {

/// The filter of names has 64 bits for each slot of the largest directory.
constexpr std::size_t name_words = directory_slots_max;

std::size_t owned_words(std::uint64_t clusters) { return (clusters + 2 + 63) / 64; }

}  // namespace

std::size_t check_bytes(std::uint64_t device_bytes, const CheckOptions& options) {
    using kernel::base::Arena;
    // No cluster is smaller than 512 bytes.
    const std::uint64_t clusters =
        kernel::base::min<std::uint64_t>(device_bytes / 512, fat32_clusters_max);
    return Arena::room<std::uint64_t>(owned_words(clusters)) +
           Arena::room<std::uint64_t>(name_words) +
           Arena::room<std::array<std::uint32_t, 4>>(options.depth + 1);
}

Checker::Checker(Volume& volume, Table& table, kernel::base::Arena& arena,
                 const CheckOptions& options, const Report& report)
    : volume_{volume},
      table_{table},
      options_{options},
      report_{report},
      owned_{arena.take<std::uint64_t>(owned_words(volume.geometry().clusters))},
      names_{arena.take<std::uint64_t>(name_words)},
      stack_{arena.take<Frame>(options.depth + 1)} {
    static_assert(sizeof(Frame) == sizeof(std::array<std::uint32_t, 4>));
}

Result<CheckResult> check(cache::Blocks blocks, kernel::base::Arena& arena,
                          const CheckOptions& options, const Report& report) {
    Volume volume{blocks};
    TRY(volume.open());
    Table table{volume};
    Checker checker{volume, table, arena, options, report};
    return checker.run();
}

}  // namespace libos::fs::fat
