#include <algorithm>

#include "kernel/base/result.hpp"
#include "sim/testbed/fs/tree.hpp"

namespace sim::testbed::fs {

namespace {

/// A damaged volume may hold a directory within itself.
constexpr int depth_max = 256;
constexpr std::size_t part_bytes = 1 << 20;

OrProblem<void> copy_file(const TreePlace& from, const TreePlace& to, const Facts& facts) {
    const auto reader = TRY(from.tree->reader(from.path));
    const auto writer = TRY(to.tree->writer(to.path));
    std::vector<std::byte> part(part_bytes);
    for (;;) {
        const std::size_t size = TRY(reader->read(part));
        if (size == 0) return writer->finish(facts);
        TRY(writer->write(std::span{part}.first(size)));
    }
}

OrProblem<void> copy_any(const TreePlace& from, const TreePlace& to, bool recursive, int depth) {
    const std::string shown = from.tree->shown(from.path);
    if (depth > depth_max) {
        return std::unexpected(shown + ": too deep: expected at most 256 levels");
    }
    const Facts facts = TRY(from.tree->facts(from.path, !recursive));
    if (facts.kind == Kind::symlink) {
        return to.tree->make_link(to.path, TRY(from.tree->link_target(from.path)));
    }
    if (facts.kind == Kind::file) return copy_file(from, to, facts);
    if (!recursive) return std::unexpected(shown + ": is a directory: give -r to copy it");
    std::vector<std::string> names = TRY(from.tree->list(from.path));
    std::ranges::sort(names);
    TRY(to.tree->make_directory(to.path, facts));
    for (const std::string& name : names) {
        const bool safe = name.find('/') == std::string::npos && name != "." && name != "..";
        if (!safe) return std::unexpected(shown + ": holds a name that cannot stand");
        TRY(copy_any({from.tree, below(from.path, name)}, {to.tree, below(to.path, name)},
                     recursive, depth + 1));
    }
    return {};
}

}  // namespace

std::string below(const std::string& directory, const std::string& name) {
    return directory + (directory.empty() || directory.ends_with('/') ? "" : "/") + name;
}

OrProblem<void> copy(const TreePlace& from, const TreePlace& to, bool recursive) {
    const bool one_tree = from.tree == to.tree;
    if (one_tree && (to.path == from.path || to.path.starts_with(below(from.path, "")))) {
        return std::unexpected(from.tree->shown(from.path) + ": cannot be copied into itself");
    }
    return copy_any(from, to, recursive, 0);
}

}  // namespace sim::testbed::fs
