#include "libos/rt/heap.hpp"

#include <new>

#include "kernel/base/assert.hpp"

namespace libos::rt {

namespace {
using kernel::abi::page_size;
}

unsigned Heap::class_of(std::size_t bytes) {
    unsigned index = 0;
    while ((small_min << index) < bytes) ++index;
    return index;
}

bool Heap::refill(unsigned index) {
    std::byte* page = grow_(cookie_, 1);
    if (page == nullptr) return false;
    const std::size_t bytes = small_min << index;
    for (std::size_t at = page_size; at >= bytes; at -= bytes) {
        small_[index] = new (page + at - bytes) Header{bytes, small_[index]};
    }
    return true;
}

Heap::Header* Heap::allocate_small(unsigned index) {
    if (small_[index] == nullptr && !refill(index)) return nullptr;
    Header* const block = small_[index];
    small_[index] = block->next;
    return block;
}

Heap::Header* Heap::allocate_large(std::size_t bytes) {
    const std::size_t whole = (bytes + page_size - 1) / page_size * page_size;
    for (Header** link = &large_; *link != nullptr; link = &(*link)->next) {
        if ((*link)->bytes < whole) continue;
        Header* const block = *link;
        *link = block->next;
        return block;
    }
    std::byte* first = grow_(cookie_, whole / page_size);
    return first == nullptr ? nullptr : new (first) Header{whole, nullptr};
}

void* Heap::allocate(std::size_t bytes) {
    if (bytes > std::size_t{1} << 40) return nullptr;
    const std::size_t whole = bytes + sizeof(Header);
    Header* const block =
        whole <= small_max ? allocate_small(class_of(whole)) : allocate_large(whole);
    return block == nullptr ? nullptr : block + 1;
}

void Heap::free(void* memory) {
    if (memory == nullptr) return;
    Header* const block = static_cast<Header*>(memory) - 1;
    CHITIN_ASSERT(block->bytes >= small_min);
    Header*& list = block->bytes <= small_max ? small_[class_of(block->bytes)] : large_;
    block->next = list;
    list = block;
}

}  // namespace libos::rt
