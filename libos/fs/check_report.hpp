#pragma once

/// What a format's check() found: how many problems, and the first ones.

#include <array>
#include <cstdint>

namespace libos::fs {

/// `Problem`: the format's own kinds, an enumeration.
template <class Problem>
struct Finding {
    Problem problem{};
    std::uint64_t inode = 0;   ///< 0: of none
    std::uint32_t block = 0;   ///< 0: of none
    bool repaired = false;
};

/// `Blocks`: what the format counts of its blocks, with blocks_used().
template <class Problem, class Blocks>
struct CheckReport : Blocks {
    static constexpr std::uint32_t findings_max = 32;

    std::uint64_t problems = 0;
    std::uint64_t repaired = 0;
    std::uint64_t files = 0;        ///< inodes of all kinds
    std::uint64_t directories = 0;  ///< among them
    std::array<Finding<Problem>, findings_max> findings{};  ///< the first ones
};

}  // namespace libos::fs
