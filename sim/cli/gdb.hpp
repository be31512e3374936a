// How gdb is started with the commands of sim/gdb.
#pragma once

#include <string>
#include <vector>

#include "sim/cli/build_tree.hpp"

namespace sim::cli {

struct GdbMissing {
    std::string what;   // one sentence; empty: nothing is
    int exit_code = 0;
};
GdbMissing gdb_missing(const BuildTree& tree);

// gdb with its commands loaded; what follows goes on.
std::vector<std::string> gdb_with_script(const BuildTree& tree);

}  // namespace sim::cli
