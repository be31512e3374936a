#pragma once

/// Checker: one check of one volume (check.hpp says of what).
///
/// Invariants: owned_ has a bit for each cluster that a visited chain kept; stack_ is the path from
/// the root to the directory that is being read, so nothing recurses.

#include "libos/fs/fat/check/check.hpp"
#include "libos/fs/fat/directory.hpp"

namespace libos::fs::fat {

class Checker {
public:
    Checker(Volume& volume, Table& table, kernel::base::Arena& arena,
            const CheckOptions& options, const Report& report);

    Result<CheckResult> run();

private:
    /// A directory that is being read.
    struct Frame {
        Cluster first = no_cluster;
        Cluster parent = no_cluster;   ///< what ".." must say
        std::uint32_t index = 0;       ///< the next slot
        std::uint32_t slots = 0;       ///< that its clusters hold
    };
    /// What was found of a chain.
    struct Chain {
        std::uint32_t clusters = 0;    ///< that it keeps
        bool broken = false;           ///< and was cut there, or would have been
    };
    /// A slot that names something, and where.
    struct Item {
        Directory directory;
        Cluster directory_first;
        Listing listing;
    };

    // checker.cpp
    Result<void> check_copies();
    Result<void> check_first_entry();
    Result<void> check_lost();
    Result<void> check_counts();
    Result<void> check_mark();
    Result<Chain> own(Cluster first, std::uint32_t clusters_max, const Item* item);
    Result<void> broken(Trouble trouble, Cluster last, Cluster wrong, const Item* item);
    void own(Cluster cluster);
    [[nodiscard]] bool owned(Cluster cluster) const;
    /// Tells of a finding. Whether it is to be repaired.
    bool found(Trouble trouble, const Item* item, Cluster cluster, std::uint32_t count = 0);

    // check_directories.cpp
    Result<void> check_tree();
    Result<void> enter(Cluster first, Cluster parent, std::uint32_t slots);
    [[nodiscard]] std::uint32_t slots_in_cluster() const;
    Result<void> read_slots();
    Result<bool> read_slot(Frame& frame, NameParts& parts, std::uint32_t& begin);
    Result<void> read_item(Item& item);
    Result<void> check_file(Item& item);
    Result<void> check_directory(Item& item);
    Result<void> check_dots(Frame& frame);
    Result<void> stray_parts(Directory& directory, Cluster first, std::uint32_t begin,
                             std::uint32_t end);
    Result<void> save(const Item& item);

    // check_names.cpp
    Result<void> check_names(Cluster first);
    Result<bool> met_before(Item& item);
    Result<void> give_name(Item& item);
    bool note(std::uint64_t hash);

    Volume& volume_;
    Table& table_;
    CheckOptions options_;
    Report report_;
    CheckResult result_;
    std::span<std::uint64_t> owned_;
    std::span<std::uint64_t> names_;   ///< a filter: a name that is not in it was not met
    std::size_t names_used_ = 1;       ///< words of it, a power of two
    std::span<Frame> stack_;
    std::size_t depth_ = 0;
    bool all_seen_ = true;
    std::array<char, name_bytes_max> shown_{};
};

}  // namespace libos::fs::fat
