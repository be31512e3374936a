#pragma once

/// Device, space, cache and tree as one: a transaction that is committed as a whole.
///
/// Commit (README.md says why it is safe): changed blocks and the space map; flush; superblock and
/// its copy; flush. With Commit::one_flush the superblock lists what was changed, and the first
/// flush is for what the list is too short for.
///
/// Invariants: between operations the transaction is consistent, so that any may be followed by a
/// commit; an operation asks begin() for all the room that it may need before it changes anything.

#include <cstdint>
#include <span>

#include "libos/fs/cofs/store/cache.hpp"
#include "libos/fs/cofs/store/tree.hpp"

namespace libos::fs::cofs {

/// What an operation leaves: less room; as good as the same; as much or more.
enum class Effect : std::uint8_t { grows, overwrites, shrinks };

/// How a commit becomes durable. No crash tells them apart; of one_flush see the README's limits.
enum class Commit : std::uint8_t {
    two_flushes,  ///< what was changed, then the superblock
    one_flush,    ///< all together: the superblock lists what was changed, with checksums
};

/// What a mount chooses: of its memory and of new places (libos/fs/choice), and of commits.
struct MountOptions {
    choice::CacheChoices cache{};
    choice::Index allocation = choice::AnyAllocation::colocate;
    Commit commit = Commit::two_flushes;
};

class Store {
public:
    /// Blocks that growing operations leave alone; overwriting ones leave half of them.
    static constexpr std::uint32_t reserve_blocks = 64;
    static constexpr std::uint32_t scratch_bytes = block_bytes;

    explicit Store(DeviceRef device, const MountOptions& options = {})
        : disk_{device, options.commit == Commit::one_flush},
          options_{options},
          allocation_{options.allocation} {}
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    /// Bytes of memory for a device of so many blocks and a cache of so many frames.
    static std::size_t room(std::uint32_t blocks, std::uint32_t frames);

    /// Error::invalid: the device is too small; Error::no_memory.
    Result<void> build(std::span<std::byte> memory);
    /// An empty tree, not committed; the device's superblocks are gone.
    Result<void> create(std::uint64_t salt);
    /// The newest commit. Error::corrupt: no superblock of this format; Error::io.
    Result<void> open();
    /// open() without the space map: for check(), which makes one.
    Result<void> open_superblock();

    /// Room for an operation: its nodes and `blocks` of data; and what the write-back policy wants
    /// written before it. Error::no_space after a commit did not help; Error::io, also once
    /// failed().
    Result<void> begin(Effect effect, std::uint32_t blocks = 0);
    /// Everything so far is durable when it returns. After Error::io it may be tried again,
    /// unless failed().
    Result<void> commit();
    /// The transaction is broken, or it is unknown which of two commits the disk holds.
    void fail() { failed_ = true; }
    [[nodiscard]] bool failed() const { return failed_; }
    /// check()'s: work goes on with a space map that it makes itself.
    void revive() { failed_ = false; }
    /// Passes `result` on; a half-way failure makes the store failed().
    template <class T>
    Result<T> acted(Result<T> result) {
        if (!result) fail();
        return result;
    }

    /// The clock of the block cache, in nanoseconds.
    void set_time(std::uint64_t now_ns) { cache_.set_time(now_ns); }
    /// Where a block is best taken from.
    choice::Place place(const choice::Want& want) { return allocation_.place(space_, want); }

    /// Gives back a block of data.
    Result<void> release(BlockNumber block);

    [[nodiscard]] std::uint32_t growable() const {
        const std::uint32_t kept = reserve_blocks + operation_blocks();
        return space_.free_blocks() > kept ? space_.free_blocks() - kept : 0;
    }
    [[nodiscard]] Tree& tree() { return tree_; }
    [[nodiscard]] Cache& cache() { return cache_; }
    [[nodiscard]] SpaceMap& space() { return space_; }
    [[nodiscard]] Disk& disk() { return disk_; }
    [[nodiscard]] Transaction& transaction() { return transaction_; }
    [[nodiscard]] const Superblock& superblock() const { return superblock_; }
    [[nodiscard]] std::span<std::byte> scratch() { return scratch_; }
    /// Superblocks among the four that could be read and are whole, at the last open().
    [[nodiscard]] std::uint32_t superblocks_good() const { return superblocks_good_; }

private:
    // No operation puts or erases in more than ten leaves, or splits more than three times.
    [[nodiscard]] std::uint32_t operation_blocks() const { return 14 * (tree_.levels() + 1); }
    Result<Superblock> newest();
    bool arrived(BlockNumber at);
    Result<void> write_slot(std::uint64_t slot);
    Result<void> discard_rejected();
    Result<void> write_superblock();

    Disk disk_;
    MountOptions options_;
    choice::AnyAllocation allocation_;
    SpaceMap space_;
    Cache cache_;
    Tree tree_;
    Transaction transaction_;
    Superblock superblock_;  ///< of the last commit
    std::span<std::byte> scratch_;
    std::uint32_t superblocks_good_ = 0;
    std::uint64_t rejected_ = 0;  ///< a commit on the disk that did not arrive whole; 0: none
    bool failed_ = true;     ///< until created or opened
};

}  // namespace libos::fs::cofs
