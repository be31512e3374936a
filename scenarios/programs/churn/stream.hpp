// Messages over a ring between the cores, with nothing but the ring to say when one is there:
// sender and receiver poll, and each message is whole when it is seen.
#pragma once

#include "libos/ipc/ring.hpp"
#include "scenarios/programs/churn/words.hpp"

namespace scenarios::churn {

// A message: its number, twice in other words.
struct Item {
    Word number;
    Word answered;
    Word sum;
};

inline std::span<libos::ipc::RingSlot> ring_at(VirtAddr page) {
    return {reinterpret_cast<libos::ipc::RingSlot*>(page.value), libos::ipc::ring_slots(1)};
}

inline void send_all(VirtAddr page, Word count) {
    libos::ipc::Sender<Item> sender{ring_at(page)};
    for (Word i = 1; i <= count;) {
        if (sender.send({i, answer_to(i), i + answer_to(i)})) {
            ++i;
        } else {
            static_cast<void>(calls::yield());
        }
    }
}

inline void receive_all(Environment& env, VirtAddr page, Word count) {
    libos::ipc::Receiver<Item> receiver{ring_at(page)};
    for (Word i = 1; i <= count;) {
        Item item{};
        if (!receiver.receive(item)) {
            static_cast<void>(calls::yield());
            continue;
        }
        const bool whole = item.number == i && item.answered == answer_to(i) &&
                           item.sum == i + answer_to(i);
        if (!whole) violation(env, "a message was seen before it was whole");
        ++i;
    }
}

}  // namespace scenarios::churn
