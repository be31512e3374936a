#pragma once

/// Block names: a dense number for each block that a cache holds, or held a short while ago.
///
/// Why: replacement policies number their pages 0..pages-1, and a device has more blocks than
/// memory has room for numbers. A name outlives the block's stay in the cache, so that policies
/// which remember what they evicted (ARC, 2Q, LIRS, ...) do; the name that was handed out longest
/// ago and is not resident is the first to be given to another block.
///
/// Invariant: a block has at most one name; a resident name keeps its block.

#include <cstdint>
#include <limits>

#include "kernel/base/arena.hpp"

namespace libos::fs::cache {

class BlockNames {
public:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

    /// Bytes of arena for `names` names.
    static constexpr std::size_t bytes(std::uint32_t names) {
        using kernel::base::Arena;
        return Arena::room<Name>(names) + Arena::room<std::uint32_t>(buckets(names));
    }

    BlockNames(kernel::base::Arena& arena, std::uint32_t names)
        : names_{arena.take<Name>(names)}, buckets_{arena.take<std::uint32_t>(buckets(names))} {
        for (std::uint32_t& bucket : buckets_) bucket = none;
    }

    /// The name of `block`, or none.
    [[nodiscard]] std::uint32_t find(std::uint64_t block) const {
        std::uint32_t name = buckets_[bucket_of(block)];
        while (name != none && names_[name].block != block) name = names_[name].next;
        return name;
    }

    /// A name for `block`, which has none: some name must not be resident.
    std::uint32_t give(std::uint64_t block) {
        std::uint32_t looked_at = 0;
        while (names_[hand_].slot != none) {
            CHITIN_ASSERT(++looked_at < names_.size());
            advance();
        }
        const std::uint32_t name = hand_;
        advance();
        if (names_[name].given) unlink(name);
        link(name, block, none);
        return name;
    }

    /// What `name` stands for lies in another block from now on, whose own name must not be
    /// resident and is forgotten: a policy goes on with what it knows of the content.
    void move(std::uint32_t name, std::uint64_t block) {
        const std::uint32_t before = find(block);
        if (before == name) return;
        if (before != none) {
            CHITIN_ASSERT(names_[before].slot == none);
            unlink(before);
            names_[before].given = false;
        }
        unlink(name);
        link(name, block, names_[name].slot);
    }

    /// Where the block of `name` lies in the cache; none: it is not resident.
    [[nodiscard]] std::uint32_t slot(std::uint32_t name) const { return names_[name].slot; }
    void set_slot(std::uint32_t name, std::uint32_t slot) { names_[name].slot = slot; }
    [[nodiscard]] std::uint64_t block(std::uint32_t name) const { return names_[name].block; }

private:
    struct Name {
        std::uint64_t block = 0;
        std::uint32_t slot = none;
        std::uint32_t next = none;  ///< of the same bucket
        bool given = false;
    };

    /// A power of two of at least `names`.
    static constexpr std::uint32_t buckets(std::uint32_t names) {
        std::uint32_t count = 1;
        while (count < names) count *= 2;
        return count;
    }

    [[nodiscard]] std::size_t bucket_of(std::uint64_t block) const {
        const std::uint64_t mixed = block * 0x9e37'79b9'7f4a'7c15;
        return (mixed >> 32) & (buckets_.size() - 1);
    }

    void advance() { hand_ = hand_ + 1 == names_.size() ? 0 : hand_ + 1; }

    void link(std::uint32_t name, std::uint64_t block, std::uint32_t slot) {
        std::uint32_t& bucket = buckets_[bucket_of(block)];
        names_[name] = {.block = block, .slot = slot, .next = bucket, .given = true};
        bucket = name;
    }

    void unlink(std::uint32_t name) {
        std::uint32_t* link = &buckets_[bucket_of(names_[name].block)];
        while (*link != name) link = &names_[*link].next;
        *link = names_[name].next;
    }

    std::span<Name> names_;
    std::span<std::uint32_t> buckets_;
    std::uint32_t hand_ = 0;
};

}  // namespace libos::fs::cache
