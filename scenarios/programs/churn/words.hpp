// What the parts of program churn say to each other, and how they complain.
#pragma once

#include <algorithm>

#include "libos/rt/program.hpp"
#include "libos/rt/spawn.hpp"

namespace scenarios::churn {

using kernel::abi::never;
using kernel::abi::page_size;
using kernel::abi::Upcall;
using libos::rt::CapType;
using libos::rt::Child;
using libos::rt::Environment;
using libos::rt::FrameNumber;
using libos::rt::Instant;
using libos::rt::Result;
using libos::rt::Rights;
using libos::rt::Slot;
using libos::rt::Status;
using libos::rt::VirtAddr;
using Word = std::uint64_t;
using Words = libos::rt::calls::Words;
namespace calls = libos::rt::calls;

constexpr Rights read_write = Rights::read | Rights::write;

// What an environment of this program is: the low byte of its start argument, a word of its own
// above.
enum Part : Word { root, server, caller, leaver };
constexpr unsigned part_bits = 8;
constexpr Word argument_of(Part part, Word word) { return part | word << part_bits; }

// What can be asked: the first word of a call; the second is a word to answer.
enum Request : Word {
    answer,   // at once
    hold,     // when it was woken
    look,     // what the first and the last word of the frame in slot_shared add up to
    replace,  // of a core's root: its server of that number, by another one
    stream,   // of a core's root: take so many messages from the ring in slot_ring
    leave,    // of a core's root: end
};

// Where a server or a caller finds what it is given; on core 0 where core 1 lends its servers.
constexpr Slot slot_server{4};
constexpr Slot slot_shared{5};
constexpr Slot slot_ring{6};
constexpr Word servers_far = 2;

// The answer to a word: no other word has it.
constexpr Word answer_to(Word word) { return word * 0x9e37'79b9'7f4a'7c15 + 1; }
// The answer where there is no frame to look at: it has bits that no sum of two words here has.
constexpr Word no_frame_there = ~Word{0};

// How a caller ends.
enum Ending : std::uint32_t { answered = 0, wrong_answer = 41, server_gone = 42 };

// What no schedule and no fault may do.
inline void violation(Environment& env, std::string_view what) {
    libos::rt::JsonLine line;
    line.add("violation", what);
    env.report(line);
}

}  // namespace scenarios::churn
