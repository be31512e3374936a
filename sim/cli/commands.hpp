#pragma once

/// The commands of `chitin`: each adds itself and, when it runs, sets the exit code.

namespace CLI {
class App;
}

namespace sim::cli {

void add_run(CLI::App& app, int& exit_code);
void add_boot(CLI::App& app, int& exit_code);
void add_verify(CLI::App& app, int& exit_code);
void add_trace(CLI::App& app, int& exit_code);
void add_explore(CLI::App& app, int& exit_code);
void add_replay(CLI::App& app, int& exit_code);
void add_debug(CLI::App& app, int& exit_code);
void add_record(CLI::App& app, int& exit_code);
void add_ace(CLI::App& app, int& exit_code);
void add_mkfs(CLI::App& app, int& exit_code);
void add_fsck(CLI::App& app, int& exit_code);
void add_ls(CLI::App& app, int& exit_code);
void add_cp(CLI::App& app, int& exit_code);
void add_bpf(CLI::App& app, int& exit_code);
void add_mount(CLI::App& app, int& exit_code);
void add_list(CLI::App& app, int& exit_code);
void add_test(CLI::App& app, int& exit_code);
void add_version(CLI::App& app, int& exit_code);

/// Hidden: runs cells and prints their hashes, for `verify` of another build.
void add_histories(CLI::App& app, int& exit_code);
/// Hidden: runs one cell in this process, for gdb.
void add_debug_cell(CLI::App& app, int& exit_code);

}  // namespace sim::cli
