#pragma once

/// Check: what of a FAT volume breaks the format's rules, and, where asked, its repair.
///
/// The volume is not mounted meanwhile. Each directory and each cluster is visited once, however
/// they are linked; where two files claim one cluster, the one that is met first keeps it.
/// A repair loses as little as it can tell: chains are cut where they go wrong, sizes follow
/// chains, clusters that belong to no file become free, names that cannot stand become
/// FSCKnnnn.REN.

#include <string_view>

#include "kernel/base/arena.hpp"
#include "libos/fs/cache/blocks.hpp"
#include "libos/fs/fat/layout.hpp"

namespace libos::fs::fat {

enum class Trouble : std::uint8_t {
    not_unmounted,      ///< the mark "in use" is set
    copies_differ,      ///< the tables' copies: `cluster` is the first that differs
    wrong_first_entry,  ///< the table does not begin with the medium's byte
    broken_chain,       ///< after `cluster` (0: from the slot) it leads nowhere
    shared_cluster,     ///< `cluster` belongs to another file too
    chain_too_short,    ///< for the file's size
    chain_too_long,
    directory_has_size,
    directory_lost,     ///< it has no first cluster
    wrong_dots,         ///< "." or ".." is missing, misplaced or leads elsewhere
    stray_name_parts,   ///< parts of a long name that belong to no file
    bad_name,
    same_name,          ///< as a file before it in the directory
    too_deep,           ///< below this directory nothing was looked at
    lost_clusters,      ///< belong to no file; `count` of them, `cluster` is the first
    wrong_free_count,
};
/// In words: "belongs to another file too".
[[nodiscard]] std::string_view text(Trouble trouble);

struct Finding {
    Trouble trouble{};
    std::string_view name{};      ///< the file's, in its directory; empty: none is concerned
    Cluster directory = no_cluster;  ///< the first cluster of that directory; no_cluster: the root
    Cluster cluster = no_cluster;
    std::uint32_t count = 0;
    bool repaired = false;
};

struct CheckOptions {
    bool repair = false;
    std::uint32_t depth = 4096;   ///< directories within each other that can be looked into
};

/// Called with every finding; a finding and its name are good until it returns. Without `tell`
/// findings are only counted.
struct Report {
    void* context = nullptr;
    void (*tell)(void* context, const Finding& finding) = nullptr;
};

struct CheckResult {
    std::uint32_t findings = 0;
    std::uint32_t repaired = 0;
    std::uint32_t files = 0;
    std::uint32_t directories = 0;   ///< without the root
    std::uint32_t clusters = 0;
    std::uint32_t clusters_free = 0;
};

/// Bytes of arena that a check of a device of `device_bytes` may take.
[[nodiscard]] std::size_t check_bytes(std::uint64_t device_bytes, const CheckOptions& options);

/// Errors: Error::corrupt: no FAT volume, or a boot sector that cannot be believed; Error::io.
Result<CheckResult> check(cache::Blocks blocks, kernel::base::Arena& arena,
                          const CheckOptions& options, const Report& report);

}  // namespace libos::fs::fat
