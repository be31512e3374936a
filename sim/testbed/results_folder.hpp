#pragma once

/// The results folder: what a run leaves behind.
///
///     results/2026-11-21-101500-paging/
///         cells.jsonl               one record a line, written as each cell ends
///         scenario.resolved.toml    the scenario with every option applied
///         report.html               one page, no network
///         incomplete                there while cells are missing
///
/// Invariant: a line of cells.jsonl is whole or is not counted; a run that is resumed takes every
/// good record as it is, and runs the rest.

#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/testbed/record.hpp"

namespace sim::testbed {

/// `results/DATE-NAME`, or with a number behind it where that exists. Nothing is made.
[[nodiscard]] std::filesystem::path dated_folder(const std::string& name);

class ResultsFolder {
public:
    /// A new folder: `folder`, or a dated one below results/. Errors: it has results already, it
    /// cannot be written.
    [[nodiscard]] static std::expected<ResultsFolder, std::string> create(
        const std::string& folder, const Scenario& scenario);

    /// An existing folder of the same scenario. Errors: none there, another scenario's.
    [[nodiscard]] static std::expected<ResultsFolder, std::string> resume(
        const std::string& folder, const Scenario& scenario);

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] const std::vector<Json>& records() const { return records_; }

    /// The cells that have no good record yet.
    [[nodiscard]] std::vector<std::uint32_t> missing(const Scenario& scenario) const;

    /// Keeps `record`, on disk too. Errors: the disk's.
    [[nodiscard]] std::expected<void, std::string> add(Json record);

    /// Writes the report and, where every cell is there, takes the mark `incomplete` away.
    [[nodiscard]] std::expected<void, std::string> finish(const Scenario& scenario,
                                                          const std::string& report);

private:
    explicit ResultsFolder(std::filesystem::path path) : path_{std::move(path)} {}

    [[nodiscard]] std::expected<void, std::string> write(const std::string& name,
                                                         const std::string& content) const;

    std::filesystem::path path_;
    std::vector<Json> records_;  ///< by cell
};

}  // namespace sim::testbed
