#pragma once

/// The commands of `chitin`: each adds itself and, when it runs, sets the exit code.

namespace sim::cli {

class Command;

void add_run(Command& app, int& exit_code);
void add_boot(Command& app, int& exit_code);
void add_verify(Command& app, int& exit_code);
void add_trace(Command& app, int& exit_code);
void add_explore(Command& app, int& exit_code);
void add_replay(Command& app, int& exit_code);
void add_debug(Command& app, int& exit_code);
void add_record(Command& app, int& exit_code);
void add_ace(Command& app, int& exit_code);
void add_crash(Command& app, int& exit_code);
void add_mkfs(Command& app, int& exit_code);
void add_fsck(Command& app, int& exit_code);
void add_ls(Command& app, int& exit_code);
void add_cp(Command& app, int& exit_code);
void add_bpf(Command& app, int& exit_code);
void add_mount(Command& app, int& exit_code);
void add_list(Command& app, int& exit_code);
void add_test(Command& app, int& exit_code);
void add_version(Command& app, int& exit_code);

/// Hidden: runs cells and prints their hashes, for `verify` of another build.
void add_histories(Command& app, int& exit_code);
/// Hidden: runs one cell in this process, for gdb.
void add_debug_cell(Command& app, int& exit_code);

}  // namespace sim::cli
