#pragma once

/// What check() found.

#include <cstdint>
#include <string_view>

#include "libos/fs/check_report.hpp"

namespace libos::fs::cofs {

enum class Problem : std::uint8_t {
    superblock_lost, space_map_unreadable, space_map_wrong, node_damaged, block_shared,
    item_malformed, item_without_inode, data_damaged, home_wrong, entry_without_directory,
    entry_without_inode, entry_misplaced, block_count_wrong, link_count_wrong,
    directory_size_wrong, orphan_wrong, inode_number_wrong, file_count_wrong,
    directory_unreachable, link_text_wrong, root_wrong,
};

/// In words.
constexpr std::string_view describe(Problem problem) {
    switch (problem) {
        case Problem::superblock_lost: return "fewer than two superblocks are whole";
        case Problem::space_map_unreadable: return "the space map cannot be read";
        case Problem::space_map_wrong: return "the space map differs from what is in use";
        case Problem::node_damaged: return "a node of the tree cannot be read";
        case Problem::block_shared: return "a block is used twice";
        case Problem::item_malformed: return "an item breaks the format's rules";
        case Problem::item_without_inode: return "an item belongs to no inode";
        case Problem::data_damaged: return "data do not match their checksum";
        case Problem::home_wrong: return "an inode is not where its item says";
        case Problem::entry_without_directory: return "an entry belongs to no directory";
        case Problem::entry_without_inode: return "an entry has no inode";
        case Problem::entry_misplaced: return "an entry does not lie at its name's hash";
        case Problem::block_count_wrong: return "an inode counts its blocks wrongly";
        case Problem::link_count_wrong: return "an inode counts its names wrongly";
        case Problem::directory_size_wrong: return "a directory has a wrong size";
        case Problem::orphan_wrong: return "an open file without names is listed wrongly";
        case Problem::inode_number_wrong: return "an inode number was not given out yet";
        case Problem::file_count_wrong: return "the number of files is wrong";
        case Problem::directory_unreachable: return "a directory cannot be reached";
        case Problem::link_text_wrong: return "a symbolic link has a wrong length";
        case Problem::root_wrong: return "the root is no directory";
    }
    return "?";
}

struct CheckedBlocks {
    std::uint64_t nodes = 0;        ///< of the tree
    std::uint64_t data_blocks = 0;

    [[nodiscard]] std::uint64_t blocks_used() const { return nodes + data_blocks; }
};

using Finding = fs::Finding<Problem>;
using CheckReport = fs::CheckReport<Problem, CheckedBlocks>;

}  // namespace libos::fs::cofs
