// Ring: messages of one cache line from one environment to another, through shared memory.
//
// One producer, one consumer, no kernel: a slot's sequence word says whose turn the slot is, so
// neither reads a line that the other is writing, and no index is shared (the channel of
// Barrelfish: Baumann et al., SOSP 2009, section 4.6). The kernel is entered only to sleep and
// to wake: `wake` leaves a permit, so a message sent between the consumer's last look and its
// sleep is not slept through.
//
// Invariants: the n-th message (from 0) makes its slot's sequence n + 1, and receiving it makes
// that ~(n + 1); the other side's memory is an allegation: a wrong sequence is an empty or a full
// ring, never an access outside it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "libos/rt/environment.hpp"
#include "libos/rt/site.hpp"

namespace libos::ipc {

inline constexpr std::size_t cache_line = 64;

template <class M>
concept RingMessage = std::is_trivially_copyable_v<M> && sizeof(M) <= cache_line - 8;

// What lies in the shared memory: zeroed pages are an empty ring.
struct alignas(cache_line) RingSlot {
    std::uint64_t sequence;
    std::byte payload[cache_line - 8];
};
static_assert(sizeof(RingSlot) == cache_line);

// The slots in `pages` pages of shared memory.
constexpr std::uint64_t ring_slots(std::uint64_t pages) {
    return pages * kernel::abi::page_size / sizeof(RingSlot);
}

template <RingMessage M>
class Sender {
public:
    // `slots`: shared with one Receiver of the same size, a power of two.
    explicit Sender(std::span<RingSlot> slots) : slots_{slots} {}

    // False: full.
    bool send(const M& message) {
        RingSlot& slot = slots_[next_ & (slots_.size() - 1)];
        const std::uint64_t before = __atomic_load_n(&slot.sequence, __ATOMIC_ACQUIRE);
        if (before != free_value()) return false;
        std::memcpy(slot.payload, &message, sizeof message);
        static_cast<void>(rt::disturbed(rt::LibosSite::publication));
        __atomic_store_n(&slot.sequence, next_ + 1, __ATOMIC_RELEASE);
        ++next_;
        return true;
    }

private:
    // What the slot's last message left there when it was received.
    std::uint64_t free_value() const {
        return next_ < slots_.size() ? 0 : ~(next_ + 1 - slots_.size());
    }

    std::span<RingSlot> slots_;
    std::uint64_t next_ = 0;
};

template <RingMessage M>
class Receiver {
public:
    explicit Receiver(std::span<RingSlot> slots) : slots_{slots} {}

    bool empty() const {
        const RingSlot& slot = slots_[next_ & (slots_.size() - 1)];
        return __atomic_load_n(&slot.sequence, __ATOMIC_ACQUIRE) != next_ + 1;
    }
    // False: empty.
    bool receive(M& message) {
        if (empty()) return false;
        RingSlot& slot = slots_[next_ & (slots_.size() - 1)];
        std::memcpy(&message, slot.payload, sizeof message);
        __atomic_store_n(&slot.sequence, ~(next_ + 1), __ATOMIC_RELEASE);
        ++next_;
        return true;
    }
    // Sleeps until there is a message (true) or the deadline passes (false).
    bool wait(rt::Environment& env, kernel::abi::Instant deadline) {
        return env.upcalls().wait(deadline, [this] { return !empty(); });
    }

private:
    std::span<RingSlot> slots_;
    std::uint64_t next_ = 0;
};

}  // namespace libos::ipc
