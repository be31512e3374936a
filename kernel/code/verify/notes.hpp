#pragma once

/// Notes: what a look at the whole program says about each instruction, before any path is
/// explored: which registers' values still matter there, and where paths meet.
///
/// A register is live where it may be read; it is needed where its number may decide a branch or
/// an address, or reach memory. Counting what is only returned needs no exploration of each count.

#include <span>

#include "kernel/code/instruction.hpp"

namespace kernel::code::verify {

struct Note {
    std::uint32_t newest = 0;  ///< exploration's own: the last node kept here, 0 for none
    std::uint16_t live = 0;    ///< a bit for each register
    std::uint16_t needed : 11 = 0;
    std::uint16_t meeting : 1 = 0;  ///< paths may meet here: somebody jumps, calls or returns to it
};
static_assert(sizeof(Note) == 8);

/// Fills `notes`, one for each instruction of the well-formed program.
void take_notes(Program program, std::span<Note> notes);

}  // namespace kernel::code::verify
