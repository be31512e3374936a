#pragma once

/// Workloads of the Automatic Crash Explorer (CrashMonkey and ACE, OSDI 2018) in its J-lang: one a
/// line, statements joined by " ; ".
///
/// Names are tokens: A and B are directories of the root "test", AC is A/C; Afoo is A/foo, and
/// so on. A name with '/' stands for itself.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sim::testbed::ace {

enum class Verb : std::uint8_t {
    make_directory, open, open_directory, close, rename, link, symlink, unlink, remove,
    remove_directory, write, direct_write, mapped_write, allocate, truncate, set_attribute,
    remove_attribute, fsync, fdatasync, sync, checkpoint,
};

struct Statement {
    Verb verb = Verb::sync;
    std::string text;            ///< as it stands in the file
    std::string path;            ///< "" is the root
    std::string other;           ///< of rename, link, symlink: the new name
    std::uint64_t offset = 0;    ///< bytes
    std::uint64_t bytes = 0;     ///< of truncate: the size
    std::uint32_t mode = 0;      ///< of make_directory and open
    bool create = false;         ///< of open
    bool truncate = false;       ///< of open
    bool keep_size = false;      ///< of allocate
    bool punch = false;          ///< of allocate: make a hole
    bool zero = false;           ///< of allocate: read zeros
};

struct Workload {
    std::uint64_t line = 0;      ///< in the file, from 1
    std::string text;
    std::vector<Statement> statements;
};

inline constexpr std::size_t statements_max = 64;
inline constexpr std::uint64_t write_bytes_max = 1 << 20;
inline constexpr std::size_t file_bytes_max = 64 << 20;

/// A line; the error says which statement and what was expected.
std::expected<Workload, std::string> parse_workload(std::string_view text, std::uint64_t line);

/// A file of workloads; empty lines and lines from '#' on are passed over. The error names the
/// file and the line.
std::expected<std::vector<Workload>, std::string> read_workloads(const std::string& file);

}  // namespace sim::testbed::ace
