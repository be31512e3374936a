#pragma once

/// The ledger: what a workload's result lines say that its files are, and which of it is durable.
///
///     {"volume": "cofs", "first": 16, "blocks": 1536}   from here on the volume is judged
///     {"will": "d0/f3", "bytes": 100, "sum": 12345}     before a change: what the file will be
///     {"will": "d0/f3", "gone": 1}
///     {"persisted": "d0/f3"}  or "*": all               after an fsync or sync that returned
///     {"found": ...} {"unreadable": ...} {"looked": ...}  what recovery on a machine found
///
/// After a crash a file is as it was persisted last, or as any change announced since then left
/// it: what was announced may have been made. Sums are CRC-32C.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sim::testbed::power {

/// What a file is; absent: there is none.
struct Version {
    bool there = false;
    std::uint64_t bytes = 0;
    std::uint32_t sum = 0;
    bool operator==(const Version&) const = default;
};

/// One "will" or "persisted".
struct Statement {
    std::string path;  ///< "*" where all are persisted
    bool persisted = false;
    Version version;   ///< of a "will"
};

/// Where a workload's file system lies, in blocks of 4096 bytes of the disk.
struct VolumeLine {
    std::string format;
    std::uint64_t first = 0;
    std::uint64_t blocks = 0;
};

/// What was found at a path; nothing: an error.
using Found = std::map<std::string, std::optional<Version>>;

/// What became of the files.
struct Losses {
    std::uint64_t pending = 0;     ///< changes under way were lost in part: none was promised
    std::uint64_t unreadable = 0;  ///< answered with an error
    std::uint64_t older = 0;       ///< as they once were, and not since the last promise
    std::uint64_t wrong = 0;       ///< as they never were
    std::string first;             ///< the first of the last two in words, or else of the errors
    std::string pending_paths;     ///< with spaces between
};

class Ledger {
public:
    void take(const Statement& statement);

    /// `whole_changes`: the format makes a change wholly or not at all; else a file that was being
    /// changed may be anything.
    [[nodiscard]] Losses judge(const Found& found, bool whole_changes) const;

    /// Whether `found` may be the file at `path`.
    [[nodiscard]] bool allows(const std::string& path, const Version& found) const;

private:
    struct File {
        std::vector<Version> allowed{Version{}};  // the last one is the newest
        std::vector<Version> ever{Version{}};
    };

    std::map<std::string, File> files_;
};

/// A result line; nothing: it is none of these, or not well-formed.
[[nodiscard]] std::optional<Statement> read_statement(std::string_view line);
[[nodiscard]] std::optional<VolumeLine> read_volume(std::string_view line);

/// What a machine that looked said, line by line.
struct Looked {
    Found found;
    bool finished = false;
    std::uint64_t repaired = 0;
    std::uint64_t problems = 0;
};
[[nodiscard]] Looked read_look(const std::vector<std::string>& lines);

}  // namespace sim::testbed::power
