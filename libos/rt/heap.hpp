// Heap: blocks of the environment's own memory, taken and given back.
//
// Why so simple: programs here allocate a few long-lived arrays. Small blocks come in powers of
// two from free lists; large ones in whole pages, first fit. Nothing is merged.
// Where new memory comes from is a function of the owner's, so that the lists can be tested
// without a machine. What the heap asks for depends on the calls before alone.
//
// Invariants: blocks are 16-byte aligned, zero-filled only when new, and never overlap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/abi/types.hpp"

namespace libos::rt {

class Heap {
public:
    // Gives `pages` contiguous new pages, each call's behind the last one's; nullptr: none left.
    using Grow = std::byte* (*)(void* cookie, std::uint64_t pages);

    static constexpr std::size_t small_min = 32;  // the header of 16 bytes included
    static constexpr std::size_t small_max = 2048;
    static constexpr unsigned classes = 7;        // 32 .. 2048

    Heap(Grow grow, void* cookie) : grow_{grow}, cookie_{cookie} {}

    // nullptr when no memory is left.
    void* allocate(std::size_t bytes);
    void free(void* block);

    template <class T>
    std::span<T> array(std::size_t count) {
        static_assert(alignof(T) <= 16, "blocks are 16-byte aligned: map pages instead");
        void* block = allocate(count * sizeof(T));
        if (block == nullptr) return {};
        T* first = static_cast<T*>(block);
        for (std::size_t i = 0; i < count; ++i) new (first + i) T{};
        return {first, count};
    }

private:
    struct alignas(16) Header {
        std::size_t bytes;  // of the whole block
        Header* next;       // while it is free
    };
    static_assert(sizeof(Header) == 16);

    static unsigned class_of(std::size_t bytes);
    Header* allocate_small(unsigned index);
    Header* allocate_large(std::size_t bytes);
    bool refill(unsigned index);

    Grow grow_;
    void* cookie_;
    Header* small_[classes] = {};
    Header* large_ = nullptr;
};

}  // namespace libos::rt
