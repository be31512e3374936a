#pragma once

/// The cleaner: moves what is live out of some segments to the log's tail, then a checkpoint makes
/// them free. A segment's summaries say what its blocks were; the inode map and the files' own
/// addresses say which of them still are.
///
/// A pass takes several victims, as many as the room left lets it, and moves what is live in all
/// of them together: the old before the young, so that what is cold ends up together, and file by
/// file, so that blocks of a large file share the indirect blocks that move with them.

#include <array>
#include <cstdint>

#include "libos/fs/log/clean/policies.hpp"
#include "libos/fs/log/file/block_map.hpp"

namespace libos::fs::log {

/// What a summary of a victim names.
struct LiveBlock {
    std::uint64_t number = 0;
    std::uint64_t index = 0;
    Address address = 0;
    std::uint16_t kind = 0;
    std::uint8_t victim = 0;
    std::uint8_t young = 0;
};
static_assert(sizeof(LiveBlock) == 24);

class Cleaner {
public:
    static constexpr std::uint32_t victims_max = 32;  ///< of a pass
    static constexpr std::uint32_t passes_max = 64;   ///< of one make_room()
    static constexpr std::uint32_t idle_max = 4;      ///< of them in a row, that gain nothing

    Cleaner(Store& store, Inodes& inodes, BlockMap& map)
        : store_{&store}, inodes_{&inodes}, map_{&map} {}

    /// Bytes of memory for a pass.
    static std::size_t room(const Geometry& geometry);
    void build(kernel::base::Arena& arena, const Geometry& geometry) {
        blocks_ = arena.take<LiveBlock>(blocks_max(geometry));
    }
    void set_policy(Cleaning cleaning) { cleaning_ = cleaning; }
    /// Until the log has room for the operation. Error::no_space: cleaning gains nothing more.
    Result<void> make_room(Effect effect, std::uint32_t blocks);

private:
    using Victims = std::array<Candidate, victims_max>;

    std::uint32_t choose(Victims& victims, Cleaning cleaning);
    Result<bool> pass(Cleaning cleaning);
    static std::uint32_t blocks_max(const Geometry& geometry);
    Result<void> gather(const Candidate& victim, std::uint32_t number, std::uint32_t& found);
    void sort(std::span<LiveBlock> blocks, std::span<const Candidate> victims) const;
    Result<std::uint32_t> keep_live(std::span<LiveBlock> blocks);
    Result<bool> live(const LiveBlock& block);
    [[nodiscard]] std::uint64_t cost_of(std::span<const LiveBlock> blocks) const;
    Result<void> move_all(std::span<const LiveBlock> blocks, const Victims& victims);
    [[nodiscard]] std::uint64_t room_kept() const;
    Result<void> move_if_live(const Identity& identity, Address address);
    Result<void> move_content(const Identity& identity, Address address);
    [[nodiscard]] bool short_of_room() const;

    Store* store_;
    Inodes* inodes_;
    BlockMap* map_;
    Cleaning cleaning_ = Cleaning::cost_benefit;
    std::span<LiveBlock> blocks_;
};

}  // namespace libos::fs::log
