// Compiling what environments download.
#pragma once

#include "kernel/code/compiled.hpp"
#include "kernel/syscall/call.hpp"

namespace kernel::syscall {

// A program that was accepted, compiled for the object `owner` until that goes (env::release_row).
// Null: it is to be interpreted.
code::jit::Entry compile(System& system, FrameNumber owner, code::Program program);

}  // namespace kernel::syscall
