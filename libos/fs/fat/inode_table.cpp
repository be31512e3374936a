#include "libos/fs/fat/inode_table.hpp"

namespace libos::fs::fat {

InodeTable::InodeTable(kernel::base::Arena& arena, std::uint32_t nodes)
    : nodes_{arena.take<Node>(nodes)},
      by_number_{arena.take<Node*>(buckets(nodes))},
      by_place_{arena.take<Node*>(buckets(nodes))} {
    clear();
}

void InodeTable::clear() {
    for (Node*& bucket : by_number_) bucket = nullptr;
    for (Node*& bucket : by_place_) bucket = nullptr;
    free_ = nullptr;
    for (Node& node : nodes_) {
        node = {};
        node.next_by_number = free_;
        free_ = &node;
    }
    next_number_ = numbers_beyond_places;
}

InodeTable::Node* InodeTable::by_number(std::uint64_t number) const {
    Node* node = by_number_[bucket_of(number)];
    while (node != nullptr && node->number != number) node = node->next_by_number;
    return node;
}

InodeTable::Node* InodeTable::by_place(Place place) const {
    Node* node = by_place_[bucket_of(place)];
    while (node != nullptr && node->place != place) node = node->next_by_place;
    return node;
}

InodeTable::Node& InodeTable::add(std::uint64_t number, Place place) {
    CHITIN_ASSERT(room());
    CHITIN_ASSERT(by_number(number) == nullptr);
    Node& node = *free_;
    free_ = node.next_by_number;
    node = {};
    node.number = number;
    Node*& bucket = by_number_[bucket_of(number)];
    node.next_by_number = bucket;
    bucket = &node;
    node.place = place;
    link_place(node);
    return node;
}

void InodeTable::move(Node& node, Place place) {
    unlink_place(node);
    node.place = place;
    link_place(node);
}

void InodeTable::remove(Node& node) {
    unlink_place(node);
    Node** link = &by_number_[bucket_of(node.number)];
    while (*link != &node) link = &(*link)->next_by_number;
    *link = node.next_by_number;
    node = {};
    node.next_by_number = free_;
    free_ = &node;
}

InodeTable::Node* InodeTable::any_open() const {
    for (Node& node : nodes_) {
        if (node.opens > 0) return &node;
    }
    return nullptr;
}

/// Files without a place are found by their number alone.
void InodeTable::link_place(Node& node) {
    if (node.place == nowhere) return;
    CHITIN_ASSERT(by_place(node.place) == nullptr);
    Node*& bucket = by_place_[bucket_of(node.place)];
    node.next_by_place = bucket;
    bucket = &node;
}

void InodeTable::unlink_place(Node& node) {
    if (node.place == nowhere) return;
    Node** link = &by_place_[bucket_of(node.place)];
    while (*link != &node) link = &(*link)->next_by_place;
    *link = node.next_by_place;
    node.next_by_place = nullptr;
}

}  // namespace libos::fs::fat
