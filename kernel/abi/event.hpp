// Event: one thing that happened to one environment, as traces and histories record it.
#pragma once

#include "kernel/abi/types.hpp"

namespace kernel::abi {

enum class EventKind : std::uint8_t {
    call = 1,    // code: Call, status, words: recorded arguments then the value
    upcall,      // code: Upcall, words: address, error
    fault,       // code: the vector, words: address (relative), error
    ended,       // code: EndReason, words: exit code
    console,     // code: Channel, words: size, hash of the bytes
    transfer,    // a control transfer came back: status, words: value (EnvId, or reply word 1)
    disk,        // code: DiskOp, a request was answered: status, words: extent slot, block, count
    event_kind_count,
};

inline constexpr std::uint32_t event_words_max = 7;

// `words` hold no machine-dependent value: addresses are relative to the window.
struct Event {
    Instant time;
    EnvId env;
    EventKind kind;
    std::uint8_t code;
    std::uint8_t word_count;
    std::uint8_t reserved;
    std::uint16_t status;
    std::uint64_t words[event_words_max];
};
static_assert(sizeof(Event) == 72);

}  // namespace kernel::abi
