#pragma once

/// What check() found.

#include <cstdint>
#include <string_view>

#include "libos/fs/check_report.hpp"

namespace libos::fs::log {

enum class Problem : std::uint8_t {
    region_lost, rolled_back, inode_damaged, block_damaged, block_shared, records_damaged,
    name_misplaced, entry_without_inode, kind_wrong, link_count_wrong, directory_size_wrong,
    parent_wrong, directory_unreachable, block_count_wrong, orphan_wrong, root_wrong, usage_wrong,
    data_damaged,
};

/// In words.
constexpr std::string_view describe(Problem problem) {
    switch (problem) {
        case Problem::region_lost: return "a checkpoint region cannot be read";
        case Problem::rolled_back: return "newer changes are damaged: given up";
        case Problem::inode_damaged: return "an inode cannot be read";
        case Problem::block_damaged: return "an address leads to a block that is not it";
        case Problem::block_shared: return "a block is used twice";
        case Problem::records_damaged: return "a table of names cannot be read";
        case Problem::name_misplaced: return "a name does not lie at its hash, or lies there twice";
        case Problem::entry_without_inode: return "an entry has no inode";
        case Problem::kind_wrong: return "an entry and its inode disagree on the kind";
        case Problem::link_count_wrong: return "an inode counts its names wrongly";
        case Problem::directory_size_wrong: return "a directory has a wrong size";
        case Problem::parent_wrong: return "a directory does not know what names it";
        case Problem::directory_unreachable: return "a directory cannot be reached";
        case Problem::block_count_wrong: return "an inode counts its blocks wrongly";
        case Problem::orphan_wrong: return "an open file without names is listed wrongly";
        case Problem::root_wrong: return "the root is no directory";
        case Problem::usage_wrong: return "a segment's live blocks are counted wrongly";
        case Problem::data_damaged: return "data do not match their checksum";
    }
    return "?";
}

struct CheckedBlocks {
    std::uint64_t live_blocks = 0;
    std::uint64_t data_blocks = 0;  ///< among them, of files and names

    [[nodiscard]] std::uint64_t blocks_used() const { return live_blocks; }
};

using Finding = fs::Finding<Problem>;
using CheckReport = fs::CheckReport<Problem, CheckedBlocks>;

}  // namespace libos::fs::log
