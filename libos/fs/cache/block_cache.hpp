#pragma once

/// The block cache: the blocks of a device that were used lately, changed in memory, written back
/// when room is needed or a flush is asked for.
///
/// Why one for all formats: a file system then reads and writes bytes in place, and any policy of
/// libos/policy decides what stays.
///
/// Invariants: a block is in at most one slot; a slot that is dirty differs from the device; a
/// write that failed leaves its block dirty and resident, so nothing is lost but time.
/// A view is good until the next call.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

#include "kernel/base/arena.hpp"
#include "libos/fs/block_device.hpp"
#include "libos/fs/cache/block_names.hpp"
#include "libos/policy/lru.hpp"

namespace libos::fs::cache {

template <BlockDevice D, policy::Replacement P = policy::Lru>
    requires(!policy::clairvoyant<P>)
class BlockCache {
public:
    static constexpr std::uint32_t slots_min = 8;
    /// Names for each slot: what a policy can remember of what it evicted.
    static constexpr std::uint32_t names_per_slot = 4;

    /// Bytes of arena for `slots` blocks of `block_size` bytes.
    static constexpr std::size_t bytes(std::uint32_t slots, std::uint32_t block_size) {
        using kernel::base::Arena;
        return std::size_t{slots} * block_size + Arena::room<Slot>(slots) +
               2 * Arena::room<std::uint32_t>(slots) + BlockNames::bytes(slots * names_per_slot) +
               P::bytes(config(slots));
    }

    /// `slots` is at least slots_min; the arena has bytes(slots, device.block_size()) left.
    BlockCache(D& device, kernel::base::Arena& arena, std::uint32_t slots)
        : device_{device},
          block_size_{device.block_size()},
          policy_{arena, config(slots)},
          names_{arena, slots * names_per_slot},
          slots_{arena.take<Slot>(slots)},
          free_{arena.take<std::uint32_t>(slots)},
          order_{arena.take<std::uint32_t>(slots)},
          data_{arena.take<std::byte>(std::size_t{slots} * block_size_)} {
        CHITIN_ASSERT(slots >= slots_min);
        for (std::uint32_t i = 0; i < slots; ++i) free_[free_count_++] = slots - 1 - i;
    }

    [[nodiscard]] std::uint32_t block_size() const { return block_size_; }
    [[nodiscard]] std::uint64_t blocks() const { return device_.blocks(); }

    /// The block's bytes. Errors: Error::invalid outside the device; Error::io.
    Result<std::span<const std::byte>> read(std::uint64_t block) {
        const auto slot = fetch(block, true, false);
        if (!slot) return error(slot.error());
        return bytes_of(*slot);
    }

    /// The block's bytes, to be changed: it is dirty from now on. Errors as read().
    Result<std::span<std::byte>> change(std::uint64_t block) {
        const auto slot = fetch(block, true, true);
        if (!slot) return error(slot.error());
        slots_[*slot].dirty = true;
        return bytes_of(*slot);
    }

    /// As change(), but the block begins as zeroes: the device is not read.
    Result<std::span<std::byte>> fresh(std::uint64_t block) {
        const auto slot = fetch(block, false, true);
        if (!slot) return error(slot.error());
        slots_[*slot].dirty = true;
        std::memset(bytes_of(*slot).data(), 0, block_size_);
        return bytes_of(*slot);
    }

    /// What the device holds at `block` by now, written past the cache: kept, and not dirty.
    void put(std::uint64_t block, std::span<const std::byte> bytes) {
        const auto slot = fetch(block, false, true);
        if (!slot) return;
        std::memcpy(bytes_of(*slot).data(), bytes.data(), block_size_);
        slots_[*slot].dirty = false;
    }

    /// Nothing is resident any more, and what was dirty is lost.
    void forget() {
        for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
            const std::uint32_t name = names_.find(slots_[slot].block);
            if (name == BlockNames::none || names_.slot(name) != slot) continue;
            policy_.remove(policy::PageId{name});
            names_.set_slot(name, BlockNames::none);
            slots_[slot].dirty = false;
            free_[free_count_++] = slot;
        }
    }

    /// Writes the dirty blocks of [first, first + count) in ascending order; durable only after
    /// flush(). The first error ends it.
    Result<void> write_back(std::uint64_t first, std::uint64_t count) {
        std::size_t dirty = 0;
        for (std::uint32_t i = 0; i < slots_.size(); ++i) {
            const Slot& slot = slots_[i];
            if (slot.dirty && slot.block - first < count) order_[dirty++] = i;
        }
        const auto chosen = order_.first(dirty);
        std::sort(chosen.begin(), chosen.end(), [this](std::uint32_t left, std::uint32_t right) {
            return slots_[left].block < slots_[right].block;
        });
        for (const std::uint32_t slot : chosen) {
            if (const auto written = clean(slot); !written) return written;
        }
        return {};
    }

    /// Everything written so far is durable when it returns.
    Result<void> flush() {
        const auto written = write_back(0, blocks());
        return written ? device_.flush() : written;
    }

    [[nodiscard]] std::uint64_t misses() const { return misses_; }

private:
    struct Slot {
        std::uint64_t block = 0;
        bool dirty = false;
    };

    static constexpr policy::Config config(std::uint32_t slots) {
        return {.pages = slots * names_per_slot, .capacity = slots};
    }

    [[nodiscard]] std::span<std::byte> bytes_of(std::uint32_t slot) {
        return data_.subspan(std::size_t{slot} * block_size_, block_size_);
    }

    Result<std::uint32_t> fetch(std::uint64_t block, bool load, bool write) {
        if (block >= blocks()) return error(Error::invalid);
        pass_time();
        std::uint32_t name = names_.find(block);
        if (name != BlockNames::none && names_.slot(name) != BlockNames::none) {
            policy_.hit(policy::PageId{name}, {.write = write});
            return names_.slot(name);
        }
        if (name == BlockNames::none) name = names_.give(block);
        return bring(name, load, write);
    }

    Result<std::uint32_t> bring(std::uint32_t name, bool load, bool write) {
        ++misses_;
        if (free_count_ == 0) {
            const auto evicted = evict(name);
            if (!evicted) return error(evicted.error());
        }
        const std::uint32_t slot = free_[free_count_ - 1];
        if (load) {
            const auto done = device_.read(names_.block(name), bytes_of(slot));
            if (!done) return error(done.error());
        }
        --free_count_;
        slots_[slot] = {.block = names_.block(name), .dirty = false};
        names_.set_slot(name, slot);
        policy_.insert(policy::PageId{name}, {.write = write});
        return slot;
    }

    Result<void> evict(std::uint32_t incoming) {
        const policy::PageId victim = policy_.evict(policy::PageId{incoming});
        const std::uint32_t name = policy::position(victim);
        const std::uint32_t slot = names_.slot(name);
        CHITIN_ASSERT(slot != BlockNames::none);
        if (const auto written = clean(slot); !written) {
            policy_.insert(victim, {});
            return written;
        }
        names_.set_slot(name, BlockNames::none);
        free_[free_count_++] = slot;
        return {};
    }

    Result<void> clean(std::uint32_t slot) {
        if (!slots_[slot].dirty) return {};
        const auto written = device_.write(slots_[slot].block, bytes_of(slot));
        if (written) slots_[slot].dirty = false;
        return written;
    }

    /// A clock interval lasts as many references as there are slots.
    void pass_time() {
        if (++references_ % slots_.size() == 0) policy_.tick();
    }

    D& device_;
    std::uint32_t block_size_;
    P policy_;
    BlockNames names_;
    std::span<Slot> slots_;
    std::span<std::uint32_t> free_;
    std::span<std::uint32_t> order_;  ///< write_back()'s list
    std::span<std::byte> data_;
    std::size_t free_count_ = 0;
    std::uint64_t references_ = 0;
    std::uint64_t misses_ = 0;
};

}  // namespace libos::fs::cache
