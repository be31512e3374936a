#pragma once

/// A node of the tree, seen in a block's bytes.
///
/// ```
/// | head 32 | slot 0 | slot 1 | ... -> free <- ... | value 1 | value 0 |
/// ```
///
/// Values lie without gaps from the block's end downwards, in the slots' order: there is one way
/// to lay out given items, so a node from a disk is checked exactly.
///
/// Invariants: keys ascend strictly; an inner node's values are Pointers, and slot 0 of it covers
/// all keys from the node's own lower bound on, whatever its key.

#include <cstdint>
#include <span>

#include "libos/fs/cofs/layout.hpp"

namespace libos::fs::cofs {

class Node {
public:
    static constexpr std::uint32_t capacity = block_bytes - 32;  ///< bytes of slots and values
    static constexpr std::uint32_t slot_bytes = 24;

    explicit Node(std::span<std::byte> bytes) : at_{bytes.data()} {}

    /// Makes an empty node of `bytes`.
    void format(BlockNumber block, std::uint32_t level, std::uint64_t born);
    /// Error::io: the checksum does not match; Error::corrupt: not a node, or not this one.
    [[nodiscard]] Result<void> verify(const Pointer& expected) const;
    /// Writes the checksum.
    void seal();
    /// It moved to another block in another commit.
    void rename(BlockNumber block, std::uint64_t born);

    [[nodiscard]] std::uint32_t count() const { return head().count; }
    [[nodiscard]] std::uint32_t level() const { return head().level; }
    [[nodiscard]] Pointer pointer() const {
        return {head().block, head().level, head().born};
    }
    [[nodiscard]] Key key(std::uint32_t i) const { return slot(i).key; }
    [[nodiscard]] std::span<std::byte> value(std::uint32_t i) const {
        return {at_ + slot(i).offset, slot(i).length};
    }
    /// Of an inner node.
    [[nodiscard]] Pointer child(std::uint32_t i) const { return load<Pointer>(value(i)); }

    /// The first slot whose key is not below `k`; count() if none.
    [[nodiscard]] std::uint32_t lower_bound(Key k) const;
    /// Of an inner node: the slot whose range holds `k`.
    [[nodiscard]] std::uint32_t covering(Key k) const;

    [[nodiscard]] std::uint32_t used() const {
        return count() * slot_bytes + (block_bytes - heap());
    }
    [[nodiscard]] bool fits(std::size_t value_bytes) const {
        return used() + slot_bytes + value_bytes <= capacity;
    }
    /// Before slot `i`; it fits.
    void insert(std::uint32_t i, Key k, std::span<const std::byte> value);
    void remove(std::uint32_t i);
    void set_key(std::uint32_t i, Key k);
    /// Items from `i` on go to the end of `other`, which has room.
    void move_tail(std::uint32_t i, Node& other);

private:
    struct Head {
        std::uint32_t magic;
        std::uint32_t checksum;  ///< of the block with 0 here
        std::uint32_t block;
        std::uint16_t level;
        std::uint16_t count;
        std::uint64_t born;
        std::uint64_t zero;
    };
    struct Slot {
        Key key;
        std::uint16_t offset;
        std::uint16_t length;
        std::uint32_t zero;
    };
    static_assert(sizeof(Head) == 32 && sizeof(Slot) == slot_bytes);

    [[nodiscard]] Head& head() const { return *reinterpret_cast<Head*>(at_); }
    [[nodiscard]] Slot& slot(std::uint32_t i) const {
        return reinterpret_cast<Slot*>(at_ + sizeof(Head))[i];
    }
    [[nodiscard]] std::uint32_t heap() const {
        return count() == 0 ? block_bytes : slot(count() - 1).offset;
    }
    [[nodiscard]] std::uint32_t computed() const;
    [[nodiscard]] bool well_formed() const;

    std::byte* at_;
};

}  // namespace libos::fs::cofs
