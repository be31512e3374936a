#pragma once

/// Reads everything, and compares what is said twice.
///
/// First the tree's shape, which says what blocks are in use; then its items in the order of
/// their keys, so that all of one inode comes together. Names of inodes that are not embedded are
/// counted in passes of `counted_max` inodes: memory does not grow with the disk.

#include <array>
#include <cstdint>
#include <span>

#include "libos/fs/cofs/check/report.hpp"
#include "libos/fs/cofs/file/chunk.hpp"
#include "libos/fs/cofs/file/inodes.hpp"
#include "libos/fs/cofs/store/store.hpp"

namespace libos::fs::cofs {

class Checker {
public:
    Checker(Store& store, SpaceMap& claimed, CheckReport& report, bool repair)
        : store_{store}, inodes_{store}, claimed_{claimed}, report_{report}, repair_{repair} {}

    /// Error::io: the device failed at a repair; Error::corrupt: no repair is possible.
    Result<void> run();

private:
    static constexpr std::uint32_t counted_max = 512;
    static constexpr int passes_max = 8;
    static constexpr std::uint32_t damaged_max = 64;  ///< nodes given up in one repair

    struct Value {
        std::array<std::byte, payload_max> bytes;
        std::size_t size = 0;
        [[nodiscard]] std::span<const std::byte> span() const {
            return std::span{bytes}.first(size);
        }
    };
    struct Counted {
        std::uint64_t number = 0;
        std::uint64_t names = 0;
    };
    /// What the items of the running inode add up to.
    struct Sums {
        std::uint64_t number = 0;  ///< 0: none
        std::uint64_t blocks = 0;
        std::uint64_t name_bytes = 0;
        std::uint64_t directories = 0;
        std::uint64_t text_bytes = 0;
    };
    /// A node that cannot be read.
    struct Damaged {
        Key low;
        std::uint32_t level = 0;
        BlockNumber block = 0;
    };
    struct Level {
        Pointer pointer;
        std::uint32_t slot = 0;
        Key low;
        Key high;
        bool open = true;
    };

    void found(Problem problem, std::uint64_t inode, BlockNumber block, bool repaired);
    Result<bool> read_item(Key from, Key& at, Value& value);

    Result<bool> check_shape();
    bool enter(const Level& level, std::uint64_t born_max);
    bool damaged(Problem problem, const Level& level);
    Result<void> cut_damaged();
    void claim_items(const Node& leaf);
    Result<void> check_space(bool readable);

    Result<void> check_items();
    Result<void> check_item(Key at, const Value& value);
    Result<void> check_inode(Key at, const Value& value);
    Result<void> check_entry(Key at, const Value& value);
    Result<void> check_map(Key at, const Value& value);
    Result<void> check_orphan(Key at);
    Result<void> check_attribute(Key at, const Value& value);
    Result<void> check_text(Key at, const Value& value);
    void check_root();
    Result<void> finish_inode();
    Result<void> check_directory(File& file);
    bool reachable(std::uint64_t number);
    Result<bool> check_links();
    Result<void> compare_links();
    Result<void> erase(Problem problem, Key at, const Value& value);
    Result<void> save(Problem problem, const File& file);

    Store& store_;
    Inodes inodes_;
    SpaceMap& claimed_;
    CheckReport& report_;
    bool repair_;
    bool changed_ = false;    ///< in this pass
    Sums sums_;
    std::uint64_t files_ = 0;
    std::uint64_t counted_from_ = 0;
    std::uint32_t counted_ = 0;
    std::uint32_t damaged_ = 0;
    std::array<Damaged, damaged_max> damaged_nodes_{};
    std::array<Counted, counted_max> names_{};
};

}  // namespace libos::fs::cofs
