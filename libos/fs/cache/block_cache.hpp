#pragma once

/// The block cache: the blocks of a device that were used lately, changed in memory, written back
/// when room is needed or a flush is asked for.
///
/// Why one for all formats: a file system then reads and writes bytes in place, and policies decide
/// what stays (libos/policy), what is written before it must be and what is read before it is asked
/// for (libos/fs/choice).
///
/// Invariants: a block is in at most one slot; a slot that is dirty differs from the device, and is
/// on the list of dirty ones; a write that failed leaves its block dirty and resident, so nothing
/// is lost but time. A view is good until the next call.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

#include "kernel/base/arena.hpp"
#include "libos/fs/block_device.hpp"
#include "libos/fs/cache/block_names.hpp"
#include "libos/fs/cache/dirty_list.hpp"
#include "libos/fs/choice/choices.hpp"
#include "libos/policy/lru.hpp"

namespace libos::fs::cache {

template <BlockDevice D, policy::Replacement P = policy::Lru,
          choice::WriteBack W = choice::AtSync, choice::ReadAhead R = choice::NoReadAhead>
    requires(!policy::clairvoyant<P>)
class BlockCache {
public:
    static constexpr std::uint32_t slots_min = 8;
    /// Blocks of one transfer, at most; and no more than a quarter of the slots.
    static constexpr std::uint32_t run_max = choice::window_max;
    /// Names for each slot: what a policy can remember of what it evicted.
    static constexpr std::uint32_t names_per_slot = 4;

    /// Bytes of arena for `slots` blocks of `block_size` bytes.
    static constexpr std::size_t bytes(std::uint32_t slots, std::uint32_t block_size) {
        using kernel::base::Arena;
        return (std::size_t{slots} + run_blocks(slots)) * block_size + Arena::room<Slot>(slots) +
               2 * Arena::room<std::uint32_t>(slots) + DirtyList::bytes(slots) +
               BlockNames::bytes(slots * names_per_slot) + P::bytes(config(slots));
    }

    /// `slots` is at least slots_min; the arena has bytes(slots, device.block_size()) left. Of
    /// `choices` that counts of which P, W, R are any.
    BlockCache(D& device, kernel::base::Arena& arena, std::uint32_t slots,
               const choice::CacheChoices& choices = {})
        : device_{device},
          block_size_{device.block_size()},
          policy_(make_policy(arena, slots, choices)),
          write_back_(make_write_back(choices)),
          read_ahead_(make_read_ahead(choices)),
          names_{arena, slots * names_per_slot},
          slots_{arena.take<Slot>(slots)},
          dirty_{arena, slots},
          free_{arena.take<std::uint32_t>(slots)},
          order_{arena.take<std::uint32_t>(slots)},
          data_{arena.take<std::byte>(std::size_t{slots} * block_size_)},
          run_{arena.take<std::byte>(std::size_t{run_blocks(slots)} * block_size_)} {
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
        dirty_.add(*slot, now_ns_);
        return bytes_of(*slot);
    }

    /// As change(), but the block begins as zeroes: the device is not read.
    Result<std::span<std::byte>> fresh(std::uint64_t block) {
        const auto slot = fetch(block, false, true);
        if (!slot) return error(slot.error());
        dirty_.add(*slot, now_ns_);
        std::memset(bytes_of(*slot).data(), 0, block_size_);
        return bytes_of(*slot);
    }

    /// What the device holds at `block` by now, written past the cache: kept, and not dirty.
    void put(std::uint64_t block, std::span<const std::byte> bytes) {
        const auto slot = fetch(block, false, true);
        if (!slot) return;
        std::memcpy(bytes_of(*slot).data(), bytes.data(), block_size_);
        dirty_.remove(*slot);
    }

    /// What `from` holds lies at `to` from now on; put() says its bytes. The policy goes on with
    /// what it knows of it. Nothing happens where it is not resident, or dirty.
    void follow(std::uint64_t from, std::uint64_t to) {
        const std::uint32_t slot = slot_of(from);
        if (slot == BlockNames::none || dirty_.holds(slot)) return;
        drop(to);
        names_.move(names_.find(from), to);
        slots_[slot] = {.block = to, .ahead = false};
    }

    /// The block is not resident any more, and lost where it was dirty.
    void drop(std::uint64_t block) {
        const std::uint32_t slot = slot_of(block);
        if (slot == BlockNames::none) return;
        dirty_.remove(slot);
        let_go(slot);
    }

    /// The clock that write-back policies go by, in nanoseconds: of any epoch, forwards.
    void set_time(std::uint64_t now_ns) { now_ns_ = now_ns; }

    /// Nothing is resident any more, and what was dirty is lost.
    void forget() {
        for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
            const std::uint32_t name = names_.find(slots_[slot].block);
            if (name == BlockNames::none || names_.slot(name) != slot) continue;
            policy_.remove(policy::PageId{name});
            names_.set_slot(name, BlockNames::none);
            dirty_.remove(slot);
            free_[free_count_++] = slot;
        }
    }

    /// Writes the dirty blocks of [first, first + count) in ascending order; durable only after
    /// flush(). The first error ends it.
    Result<void> write_back(std::uint64_t first, std::uint64_t count) {
        std::size_t chosen = 0;
        for (std::uint32_t slot = dirty_.oldest(); slot != DirtyList::none;
             slot = dirty_.newer(slot)) {
            if (slots_[slot].block - first < count) order_[chosen++] = slot;
        }
        const auto sorted = order_.first(chosen);
        std::sort(sorted.begin(), sorted.end(), [this](std::uint32_t left, std::uint32_t right) {
            return slots_[left].block < slots_[right].block;
        });
        for (const std::uint32_t slot : sorted) {
            if (!dirty_.holds(slot)) continue;
            const auto written = write_run(slot, first + count);
            if (!written) return error(written.error());
        }
        return {};
    }

    /// Everything written so far is durable when it returns.
    Result<void> flush() {
        const auto written = write_back(0, blocks());
        return written ? device_.flush() : written;
    }

    /// Blocks that were not resident when they were asked for, or had only been read ahead.
    [[nodiscard]] std::uint64_t misses() const { return misses_; }

private:
    struct Slot {
        std::uint64_t block = 0;
        bool ahead = false;  ///< read ahead, not asked for yet
    };

    static constexpr policy::Config config(std::uint32_t slots) {
        return {.pages = slots * names_per_slot, .capacity = slots};
    }
    static constexpr std::uint32_t run_blocks(std::uint32_t slots) {
        return std::min(run_max, slots / 4);
    }

    static P make_policy(kernel::base::Arena& arena, std::uint32_t slots,
                         const choice::CacheChoices& choices) {
        if constexpr (std::same_as<P, policy::AnyReplacement>) {
            return P{arena, config(slots), choices.replacement};
        } else {
            return P{arena, config(slots)};
        }
    }
    static W make_write_back(const choice::CacheChoices& choices) {
        if constexpr (std::same_as<W, choice::AnyWriteBack>) {
            return W{choices.write_back, choices.settings};
        } else {
            return W{choices.settings};
        }
    }
    static R make_read_ahead(const choice::CacheChoices& choices) {
        if constexpr (std::same_as<R, choice::AnyReadAhead>) {
            return R{choices.read_ahead};
        } else {
            return R{};
        }
    }

    [[nodiscard]] std::span<std::byte> bytes_of(std::uint32_t slot) {
        return data_.subspan(std::size_t{slot} * block_size_, block_size_);
    }

    /// Where a block is resident, or BlockNames::none.
    [[nodiscard]] std::uint32_t slot_of(std::uint64_t block) const {
        const std::uint32_t name = names_.find(block);
        return name == BlockNames::none ? name : names_.slot(name);
    }

    Result<std::uint32_t> fetch(std::uint64_t block, bool load, bool write) {
        if (block >= blocks()) return error(Error::invalid);
        if (const auto settled = settle(); !settled) return error(settled.error());
        pass_time();
        const std::uint32_t name = names_.find(block);
        if (name == BlockNames::none || names_.slot(name) == BlockNames::none) {
            ++misses_;
            return load ? load_in(block, write) : bring(block, write);
        }
        policy_.hit(policy::PageId{name}, {.write = write});
        Slot& slot = slots_[names_.slot(name)];
        if (slot.ahead) ++misses_;
        slot.ahead = false;
        return names_.slot(name);
    }

    /// What the policy wants on the device by now.
    Result<void> settle() {
        while (dirty_.count() != 0 && write_back_.due(dirty_.state(now_ns_))) {
            const bool by_place = write_back_.order() == choice::Order::place;
            const auto written = by_place ? sweep() : clean(dirty_.oldest());
            if (!written) return error(written.error());
        }
        return {};
    }

    /// Writes the next dirty block upwards of the last sweep, and its neighbours.
    Result<void> sweep() {
        std::uint32_t above = DirtyList::none;
        std::uint32_t lowest = DirtyList::none;
        for (std::uint32_t slot = dirty_.oldest(); slot != DirtyList::none;
             slot = dirty_.newer(slot)) {
            const std::uint64_t block = slots_[slot].block;
            if (lowest == DirtyList::none || block < slots_[lowest].block) lowest = slot;
            if (block < arm_) continue;
            if (above == DirtyList::none || block < slots_[above].block) above = slot;
        }
        const std::uint32_t next = above != DirtyList::none ? above : lowest;
        const auto end = write_run(next, blocks());
        if (!end) return error(end.error());
        arm_ = *end;
        return {};
    }

    /// Writes the slot's block and the dirty ones behind it, below `end`, at once: the block behind
    /// the last of them.
    Result<std::uint64_t> write_run(std::uint32_t slot, std::uint64_t end) {
        const std::uint64_t first = slots_[slot].block;
        const std::uint64_t most = run_.size() / block_size_;
        std::uint64_t count = 0;
        for (std::uint32_t at = slot; at != BlockNames::none && dirty_.holds(at);) {
            std::memcpy(run_.data() + count * block_size_, bytes_of(at).data(), block_size_);
            ++count;
            if (count == most || first + count >= end) break;
            at = slot_of(first + count);
        }
        const auto written = device_.write(first, run_.first(count * block_size_));
        if (!written) return error(written.error());
        for (std::uint64_t i = 0; i < count; ++i) dirty_.remove(slot_of(first + i));
        return first + count;
    }

    /// Reads a block that is not resident, and what the policy says along with it.
    Result<std::uint32_t> load_in(std::uint64_t block, bool write) {
        const choice::Window window = read_ahead_.plan(block, block + 1);
        std::uint64_t first = block;
        std::uint64_t end = block + 1;
        const std::uint64_t most = run_.size() / block_size_;
        const std::uint64_t last = std::min(window.first + window.count, blocks());
        if (window.count != 0 && window.first <= end) {
            while (end < last && end - first < most && absent(end)) ++end;
            while (first > window.first && end - first < most && absent(first - 1)) --first;
        }
        const auto bytes = run_.first((end - first) * block_size_);
        if (end - first > 1 && device_.read(first, bytes)) {
            return take_run(first, end, block, write);
        }
        const auto slot = bring(block, write);
        if (!slot) return slot;
        if (const auto done = device_.read(block, bytes_of(*slot)); !done) {
            let_go(*slot);
            return error(done.error());
        }
        return slot;
    }

    [[nodiscard]] bool absent(std::uint64_t block) const {
        return slot_of(block) == BlockNames::none;
    }

    /// Blocks [first, end) are in run_: they become resident, the one asked for as the last.
    Result<std::uint32_t> take_run(std::uint64_t first, std::uint64_t end, std::uint64_t asked,
                                   bool write) {
        const auto copy = [&](std::uint64_t block, std::uint32_t slot) {
            std::memcpy(bytes_of(slot).data(), run_.data() + (block - first) * block_size_,
                        block_size_);
        };
        for (std::uint64_t block = first; block < end; ++block) {
            if (block == asked) continue;
            const auto slot = bring(block, false);
            if (!slot) break;
            copy(block, *slot);
            slots_[*slot].ahead = true;
        }
        const auto slot = bring(asked, write);
        if (slot) copy(asked, *slot);
        return slot;
    }

    /// A slot for a block that has none: its bytes are whatever they were.
    Result<std::uint32_t> bring(std::uint64_t block, bool write) {
        std::uint32_t name = names_.find(block);
        if (name == BlockNames::none) name = names_.give(block);
        if (free_count_ == 0) {
            const auto evicted = evict(name);
            if (!evicted) return error(evicted.error());
        }
        const std::uint32_t slot = free_[--free_count_];
        slots_[slot] = {.block = block, .ahead = false};
        names_.set_slot(name, slot);
        policy_.insert(policy::PageId{name}, {.write = write});
        return slot;
    }

    void let_go(std::uint32_t slot) {
        const std::uint32_t name = names_.find(slots_[slot].block);
        policy_.remove(policy::PageId{name});
        names_.set_slot(name, BlockNames::none);
        free_[free_count_++] = slot;
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
        if (!dirty_.holds(slot)) return {};
        const auto written = device_.write(slots_[slot].block, bytes_of(slot));
        if (written) dirty_.remove(slot);
        return written;
    }

    /// A clock interval lasts as many references as there are slots.
    void pass_time() {
        if (++references_ % slots_.size() == 0) policy_.tick();
    }

    D& device_;
    std::uint32_t block_size_;
    P policy_;
    W write_back_;
    R read_ahead_;
    BlockNames names_;
    std::span<Slot> slots_;
    DirtyList dirty_;
    std::span<std::uint32_t> free_;
    std::span<std::uint32_t> order_;  ///< write_back()'s list
    std::span<std::byte> data_;
    std::span<std::byte> run_;        ///< one transfer
    std::uint64_t arm_ = 0;           ///< the block behind the last one that a sweep wrote
    std::uint64_t now_ns_ = 0;
    std::size_t free_count_ = 0;
    std::uint64_t references_ = 0;
    std::uint64_t misses_ = 0;
};

}  // namespace libos::fs::cache
