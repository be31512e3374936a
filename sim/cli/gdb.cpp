#include "sim/cli/gdb.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "sim/cli/exit_code.hpp"
#include "sim/host/process/command.hpp"

namespace sim::cli {

namespace {

std::filesystem::path script(const BuildTree& tree) {
    return tree.root / "sim" / "gdb" / "chitin.py";
}

}  // namespace

GdbMissing gdb_missing(const BuildTree& tree) {
    if (host::process::find_program("gdb").empty()) {
        return {"gdb is missing; install it with: apt-get install gdb", exit_install};
    }
    if (std::filesystem::exists(script(tree))) return {};
    return {fmt::format("no {}: expected Chitin's sources there; CHITIN_ROOT names another folder",
                        script(tree).string()), exit_failed};
}

std::vector<std::string> gdb_with_script(const BuildTree& tree) {
    return {"gdb", "-q", "-x", script(tree).string()};
}

}  // namespace sim::cli
