// Slots: which of a device's `depth` places have a request in flight, and each one's tag.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>

#include "kernel/base/assert.hpp"
#include "kernel/drivers/request.hpp"

namespace kernel::drivers {

class Slots {
public:
    std::uint32_t count() const { return count_; }
    bool full() const { return busy_ == ~std::uint32_t{0}; }
    bool busy(std::uint32_t slot) const { return slot < depth && (busy_ >> slot & 1) != 0; }

    // There is one: not full().
    std::uint32_t take(std::uint16_t tag) {
        CHITIN_ASSERT(!full());
        const auto slot = static_cast<std::uint32_t>(std::countr_one(busy_));
        busy_ |= 1u << slot;
        tags_[slot] = tag;
        ++count_;
        return slot;
    }
    Done give(std::uint32_t slot, abi::Status status) {
        CHITIN_ASSERT(busy(slot));
        busy_ &= ~(1u << slot);
        --count_;
        return {tags_[slot], status};
    }
    // Of a dead device: each in flight ends with io_error, one a call.
    std::optional<Done> abandon() {
        if (busy_ == 0) return std::nullopt;
        return give(static_cast<std::uint32_t>(std::countr_zero(busy_)), abi::Status::io_error);
    }
    void clear() { busy_ = count_ = 0; }

private:
    std::uint32_t busy_ = 0;  // a bit each
    std::uint32_t count_ = 0;
    std::uint16_t tags_[depth] = {};

    static_assert(depth == 32);
};

}  // namespace kernel::drivers
