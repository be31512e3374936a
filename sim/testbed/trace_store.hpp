#pragma once

/// The trace store: each trace file that a scenario names, read and decoded once.
///
/// Invariant: `files[i]` never changes once it was added; a path that failed is not tried again.

#include <expected>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "sim/testbed/draft.hpp"

namespace sim::testbed {

class TraceStore {
public:
    TraceStore(const std::vector<std::string>& folders, std::vector<DataFile>& files,
               Problems& problems)
        : folders_{folders}, files_{files}, problems_{problems} {}

    enum class Kind { memory, requests };

    /// The index of the trace's data file; nothing (and a problem) where it cannot be read.
    [[nodiscard]] std::optional<std::uint32_t> load(const Value& path, Kind kind);

    [[nodiscard]] const DataFile& file(std::uint32_t index) const { return files_[index]; }

private:
    [[nodiscard]] std::string locate(const std::string& path) const;
    [[nodiscard]] std::optional<std::uint32_t> decode(const Value& path, Kind kind);
    [[nodiscard]] std::expected<DataFile, std::string> read(const std::string& path,
                                                            Kind kind) const;

    const std::vector<std::string>& folders_;
    std::vector<DataFile>& files_;
    Problems& problems_;
    std::map<std::pair<std::string, Kind>, std::optional<std::uint32_t>> known_;
};

}  // namespace sim::testbed
