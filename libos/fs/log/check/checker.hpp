#pragma once

/// Reads everything, and compares what is said twice.
///
/// First each inode with its blocks, which says what is live; directories count the names of each
/// inode; then the counts are compared, with the inodes and with the segments; last, all data with
/// the checksums in the segments' summaries.

#include <cstdint>
#include <span>

#include "libos/fs/log/check/report.hpp"
#include "libos/fs/log/file/records.hpp"

namespace libos::fs::log {

/// Memory of a check: an element for each block (one bit), inode, and segment.
struct CheckTables {
    std::span<std::uint64_t> claimed;
    std::span<std::uint32_t> names;
    std::span<std::uint32_t> live;
};

class Checker {
public:
    Checker(Store& store, const CheckTables& tables, CheckReport& report)
        : store_{store}, inodes_{store}, map_{store, inodes_}, records_{store, map_},
          tables_{tables}, report_{report} {}

    /// The store is open. Error::io.
    Result<void> run();
    /// No problem was found but such as recount() and a checkpoint mend.
    [[nodiscard]] bool sound() const { return sound_; }

private:
    struct Walk {
        Checker& checker;
        const File& file;
        std::uint64_t blocks = 0;
    };

    void found(Problem problem, std::uint64_t inode, Address block = 0);
    void claim(std::uint64_t inode, Address address);
    [[nodiscard]] bool claimed(Address address) const;
    static Result<void> visit(void* context, Address address, const Identity& identity);
    void check_inode(std::uint64_t number);
    void check_directory(const File& file);
    void check_entry(const File& file, const Record& record, std::uint32_t& directories);
    void check_names(std::uint64_t number);
    bool reachable(std::uint64_t number);
    void check_usage();
    void check_data();
    void check_segment(std::uint32_t segment);
    void check_block(const SummaryEntry& entry, Address address);

    Store& store_;
    Inodes inodes_;
    BlockMap map_;
    Records records_;
    CheckTables tables_;
    CheckReport& report_;
    bool sound_ = true;
};

}  // namespace libos::fs::log
