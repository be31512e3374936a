#pragma once

/// `chitin misses`: count the misses of one policy over one trace.

namespace sim::cli {

class Command;

/// Add the subcommand to `app`. When it runs it sets `exit_code`: 0 done, 2 wrong usage (unknown
/// policy or format, bad capacity), 1 bad input (the trace).
void add_misses(Command& app, int& exit_code);

}  // namespace sim::cli
