#pragma once

/// The inode table: the files whose number is not the place of their directory slot, and the open
/// ones.
///
/// FAT has no inodes. A file's number is where its slot lies (in slots from the volume's
/// beginning); most files keep both for as long as the volume is mounted and need no memory. Who
/// is renamed moves, and keeps the number: that is written down here, as are open files, which may
/// lose their slot and live on. A file that comes to lie where another's number points gets a
/// number beyond all places.
///
/// Invariants: no two nodes have the same number, or the same place; a node is open, or its number
/// is not its place.

#include "kernel/base/arena.hpp"
#include "libos/fs/error.hpp"
#include "libos/fs/fat/layout.hpp"

namespace libos::fs::fat {

class InodeTable {
public:
    /// Where a slot lies: its offset in the volume, in slots. 0 (the boot sector): nowhere.
    using Place = std::uint64_t;
    static constexpr Place nowhere = 0;

    struct Node {
        std::uint64_t number = 0;
        Place place = nowhere;
        std::uint32_t opens = 0;
        Slot orphan{};               ///< what the slot said, once the file has no name

    private:
        friend class InodeTable;
        Node* next_by_number = nullptr;
        Node* next_by_place = nullptr;
    };

    static constexpr std::size_t bytes(std::uint32_t nodes) {
        using kernel::base::Arena;
        return Arena::room<Node>(nodes) + 2 * Arena::room<Node*>(buckets(nodes));
    }
    InodeTable(kernel::base::Arena& arena, std::uint32_t nodes);

    void clear();
    [[nodiscard]] Node* by_number(std::uint64_t number) const;
    [[nodiscard]] Node* by_place(Place place) const;
    /// Whether add() may be called once more.
    [[nodiscard]] bool room() const { return free_ != nullptr; }
    Node& add(std::uint64_t number, Place place);
    void move(Node& node, Place place);
    void remove(Node& node);
    /// A number that is no place and that no other file has.
    [[nodiscard]] std::uint64_t fresh_number() { return next_number_++; }

    /// Some node, for as long as there is one: to empty the table.
    [[nodiscard]] Node* any_open() const;

private:
    static constexpr std::uint64_t numbers_beyond_places = std::uint64_t{1} << 48;

    static constexpr std::uint32_t buckets(std::uint32_t nodes) {
        std::uint32_t count = 1;
        while (count < nodes) count *= 2;
        return count;
    }
    [[nodiscard]] std::size_t bucket_of(std::uint64_t key) const {
        return (key * 0x9e37'79b9'7f4a'7c15 >> 32) & (by_number_.size() - 1);
    }
    void link_place(Node& node);
    void unlink_place(Node& node);

    std::span<Node> nodes_;
    std::span<Node*> by_number_;
    std::span<Node*> by_place_;
    Node* free_ = nullptr;
    std::uint64_t next_number_ = numbers_beyond_places;
};

}  // namespace libos::fs::fat
