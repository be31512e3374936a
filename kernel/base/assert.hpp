#pragma once

/// The assertion: a kernel's or a libOS's own mistake, caught in every build.
///
/// Why: asserts stay on in the shipped image, so the check must cost one branch and need nothing
/// of the machine but a way to stop. Each machine defines assert_failed() once: the hosted one
/// prints and aborts, the bare one prints and halts.
///
/// Invariant: user input never reaches CHITIN_ASSERT; a user's mistake is a Status.

namespace kernel::base {

/// Report `file`:`line` and stop the machine. Defined by each machine.
[[noreturn]] void assert_failed(const char* file, int line);

}  // namespace kernel::base

/// A macro because the place is the report. The condition's text is not kept: it stands at that
/// place, and the image has a size to keep.
#define CHITIN_ASSERT(condition)                                                  \
    (__builtin_expect(static_cast<bool>(condition), true)                         \
         ? static_cast<void>(0)                                                   \
         : ::kernel::base::assert_failed(__FILE__, __LINE__))
