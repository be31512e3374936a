#pragma once

/// The arena: memory somebody else paid for, handed out once and taken back all at once.
///
/// Why: the kernel and the policies have no heap. What a structure needs is known when it is
/// built, so its owner states the size, gives the memory, and takes it back by forgetting it.
///
/// Invariants: take() never returns overlapping spans; used() <= size(); nothing is destroyed,
/// hence only trivially destructible types are taken.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <type_traits>

#include "kernel/base/assert.hpp"

namespace kernel::base {

class Arena {
public:
    constexpr explicit Arena(std::span<std::byte> memory) : memory_{memory} {}

    /// Bytes that `count` objects of T may need, alignment included wherever the arena begins.
    template <typename T>
    [[nodiscard]] static constexpr std::size_t room(std::size_t count) {
        return count * sizeof(T) + (alignof(T) - 1);
    }

    /// `count` value-initialised objects, valid as long as the memory is. Asserts on exhaustion:
    /// the caller asked room() beforehand.
    template <typename T>
    [[nodiscard]] std::span<T> take(std::size_t count) {
        static_assert(std::is_trivially_destructible_v<T>, "an arena destroys nothing");
        CHITIN_ASSERT(count <= std::numeric_limits<std::size_t>::max() / sizeof(T));
        std::byte* const first = aligned(alignof(T), count * sizeof(T));
        T* const objects = reinterpret_cast<T*>(first);
        for (std::size_t i = 0; i < count; ++i) std::construct_at(objects + i);
        return {objects, count};
    }

    [[nodiscard]] constexpr std::size_t size() const { return memory_.size(); }
    [[nodiscard]] constexpr std::size_t used() const { return used_; }

private:
    std::byte* aligned(std::size_t alignment, std::size_t bytes) {
        const auto address = reinterpret_cast<std::uintptr_t>(memory_.data()) + used_;
        const std::size_t padding = (alignment - address % alignment) % alignment;
        CHITIN_ASSERT(padding <= size() - used_);
        CHITIN_ASSERT(bytes <= size() - used_ - padding);
        std::byte* const first = memory_.data() + used_ + padding;
        used_ += padding + bytes;
        return first;
    }

    std::span<std::byte> memory_;
    std::size_t used_ = 0;
};

}  // namespace kernel::base
