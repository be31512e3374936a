#pragma once

/// The page heap: resident pages ordered by a key, the least key on top.
///
/// Why: policies that rank pages by a number that jumps (a frequency, the time of next use) need
/// any page's key changed in place. A binary heap beside an array of positions does that in
/// O(log resident) with memory linear in pages.
///
///     slots[0] is the least; children of slots[i] are slots[2i+1] and slots[2i+2]
///     places[p] = i + 1 where slots[i] is page p; 0 where p is absent
///
/// Invariant: no slot's key is less than its parent's.

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "libos/policy/replacement.hpp"

namespace libos::policy {

/// Key: copyable, with operator<.
template <typename Key>
class PageHeap {
public:
    static constexpr std::size_t bytes(std::uint32_t pages) {
        using kernel::base::Arena;
        return Arena::room<Slot>(pages) + Arena::room<std::uint32_t>(pages);
    }

    PageHeap(kernel::base::Arena& arena, std::uint32_t pages)
        : slots_{arena.take<Slot>(pages)}, places_{arena.take<std::uint32_t>(pages)} {}

    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] bool contains(PageId page) const { return places_[position(page)] != 0; }

    [[nodiscard]] const Key& key(PageId page) const {
        CHITIN_ASSERT(contains(page));
        return slots_[places_[position(page)] - 1].key;
    }

    void push(PageId page, Key key) {
        CHITIN_ASSERT(!contains(page));
        put(size_, {key, page});
        rise(size_++);
    }

    void change(PageId page, Key key) {
        CHITIN_ASSERT(contains(page));
        const std::uint32_t at = places_[position(page)] - 1;
        slots_[at].key = key;
        settle(at);
    }

    void erase(PageId page) {
        CHITIN_ASSERT(contains(page));
        const std::uint32_t at = places_[position(page)] - 1;
        places_[position(page)] = 0;
        --size_;
        if (at == size_) return;
        put(at, slots_[size_]);
        settle(at);
    }

    /// Remove and return the page of the least key.
    [[nodiscard]] PageId pop() {
        CHITIN_ASSERT(!empty());
        const PageId page = slots_[0].page;
        erase(page);
        return page;
    }

private:
    struct Slot {
        Key key{};
        PageId page = no_page;
    };

    void put(std::uint32_t at, Slot slot) {
        slots_[at] = slot;
        places_[position(slot.page)] = at + 1;
    }

    void settle(std::uint32_t at) {
        rise(at);
        sink(at);
    }

    void rise(std::uint32_t at) {
        const Slot moved = slots_[at];
        while (at > 0 && moved.key < slots_[(at - 1) / 2].key) {
            put(at, slots_[(at - 1) / 2]);
            at = (at - 1) / 2;
        }
        put(at, moved);
    }

    void sink(std::uint32_t at) {
        const Slot moved = slots_[at];
        for (std::uint64_t child = 2ull * at + 1; child < size_; child = 2ull * at + 1) {
            const std::uint64_t right = child + 1;
            if (right < size_ && slots_[right].key < slots_[child].key) child = right;
            if (!(slots_[child].key < moved.key)) break;
            put(at, slots_[child]);
            at = static_cast<std::uint32_t>(child);
        }
        put(at, moved);
    }

    std::span<Slot> slots_;
    std::span<std::uint32_t> places_;
    std::uint32_t size_ = 0;
};

}  // namespace libos::policy
