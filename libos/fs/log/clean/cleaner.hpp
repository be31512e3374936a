#pragma once

/// The cleaner: moves what is live out of some segments to the log's tail, then a checkpoint makes
/// them free. A segment's summaries say what its blocks were; the inode map and the files' own
/// addresses say which of them still are.
///
/// A pass takes several victims, as many as the room left lets it, and moves the oldest first:
/// what is cold ends up together.

#include <array>
#include <cstdint>

#include "libos/fs/log/clean/policies.hpp"
#include "libos/fs/log/file/block_map.hpp"

namespace libos::fs::log {

class Cleaner {
public:
    static constexpr std::uint32_t victims_max = 32;  ///< of a pass
    static constexpr std::uint32_t passes_max = 64;   ///< of one make_room()
    static constexpr std::uint32_t idle_max = 4;      ///< of them in a row, that gain nothing

    Cleaner(Store& store, Inodes& inodes, BlockMap& map)
        : store_{&store}, inodes_{&inodes}, map_{&map} {}

    void set_policy(Cleaning cleaning) { cleaning_ = cleaning; }
    /// Until the log has room for the operation. Error::no_space: cleaning gains nothing more.
    Result<void> make_room(Effect effect, std::uint32_t blocks);

private:
    using Victims = std::array<Candidate, victims_max>;

    std::uint32_t choose(Victims& victims, Cleaning cleaning);
    Result<bool> pass(Cleaning cleaning);
    Result<void> empty(std::uint32_t segment);
    Result<void> move_if_live(const Identity& identity, Address address);
    Result<void> move_content(const Identity& identity, Address address);
    [[nodiscard]] bool short_of_room() const;

    Store* store_;
    Inodes* inodes_;
    BlockMap* map_;
    Cleaning cleaning_ = Cleaning::cost_benefit;
};

}  // namespace libos::fs::log
