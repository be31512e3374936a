// Message: what one core's kernel tells another's: one cache line.
//
// Each request has one reply, which gives its credit back: rings never overflow (mesh.hpp).
// Decision: kernel/design/0011-multikernel.md.
#pragma once

#include <cstdint>

#include "kernel/abi/types.hpp"

namespace kernel::mesh {

enum class MessageKind : std::uint16_t {
    // ---- requests
    call = 0,   // a control transfer. a: callee, b: caller (frames), c: caller's id | serial << 16
    wake,       // a: the environment
    lend,       // a: whose table, words 0: slot, b: object, words 1: type | rights << 8,
                // c: the lender's half
    recall,     // a: the borrower's half, b: the lender's
    give_back,  // a: the lender's half, b: the borrower's
    // ---- replies, in the same order
    answer,     // a: caller, b: Status, c: as of the call, words: the reply's
    woken,
    lent,       // a: the lender's half, b: the borrower's, c: Status
    recalled,   // a: the lender's half
    taken_back, // a: the borrower's half
    // ---- neither
    halt,       // the machine stops
};
inline constexpr unsigned request_kinds = 5;
constexpr bool is_reply(MessageKind kind) {
    return kind >= MessageKind::answer && kind < MessageKind::halt;
}

struct alignas(64) Message {
    std::uint64_t words[5];
    abi::Instant arrival;
    std::uint32_t a;
    std::uint32_t b;
    std::uint32_t c;
    MessageKind kind;
    std::uint16_t round;  // the ring's: how often this line was written
};
static_assert(sizeof(Message) == 64);

}  // namespace kernel::mesh
