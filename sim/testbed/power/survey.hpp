#pragma once

/// A survey: every file of a file system by its path, with length and checksum, or unreadable.
///
/// Unlike crash/picture.hpp it goes on behind what cannot be read.

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "libos/fs/checksum.hpp"
#include "libos/fs/file_system.hpp"
#include "sim/testbed/power/ledger.hpp"

namespace sim::testbed::power {

inline constexpr std::size_t survey_paths_max = 100'000;

struct Survey {
    Found files;
    std::vector<libos::fs::Inode> directories;  ///< that could be read
};

/// Of a mounted file system. A directory that cannot be read is among `files`, as an error.
template <class F>
Survey survey(F& fs) {
    using libos::fs::Error;
    using libos::fs::Inode;
    Survey all;
    std::vector<std::byte> buffer(std::size_t{256} << 10);
    const auto look_at = [&](Inode inode) -> std::optional<Version> {
        Version version{true, 0, 0};
        for (;;) {
            const auto got = fs.read(inode, version.bytes, buffer);
            if (!got) return std::nullopt;
            if (*got == 0) return version;
            version.sum = libos::fs::checksum(std::span{buffer}.first(*got), version.sum);
            version.bytes += *got;
        }
    };
    std::vector<std::pair<std::string, Inode>> todo{{"", fs.root()}};
    while (!todo.empty()) {
        const auto [path, inode] = todo.back();
        todo.pop_back();
        all.directories.push_back(inode);
        for (std::uint64_t at = 0;;) {
            const auto entry = fs.entry(inode, at);
            if (!entry && entry.error() == Error::no_entry) break;
            if (!entry || all.files.size() + todo.size() > survey_paths_max) {
                all.files[path] = std::nullopt;
                break;
            }
            const std::string name = (path.empty() ? "" : path + "/") + std::string{entry->name};
            at = entry->next;
            if (entry->kind == libos::fs::Kind::directory) {
                todo.emplace_back(name, entry->inode);
            } else {
                all.files[name] = look_at(entry->inode);
            }
        }
    }
    return all;
}

}  // namespace sim::testbed::power
