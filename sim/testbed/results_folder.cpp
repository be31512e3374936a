#include "sim/testbed/results_folder.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>
#include <sstream>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace sim::testbed {

namespace fs = std::filesystem;

namespace {

constexpr const char* cells_file = "cells.jsonl";
constexpr const char* scenario_file = "scenario.resolved.toml";
constexpr const char* incomplete_file = "incomplete";

std::string read_all(const fs::path& path) {
    std::ifstream file{path, std::ios::binary};
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::uint64_t cell_of(const Json& record) { return record["cell"].get<std::uint64_t>(); }

// Is this a whole and good record of one of the scenario's cells?
bool usable(const Json& record, const Scenario& scenario) {
    if (!record.is_object() || !record.contains("cell") || !record["cell"].is_number_unsigned() ||
        !record.contains("ok") || !record["ok"].is_boolean() || !record["ok"].get<bool>()) {
        return false;
    }
    const std::uint64_t cell = cell_of(record);
    return cell < scenario.cells.size() && record.contains("environments") &&
           record.contains("name") && record["name"] == scenario.cells[cell].name;
}

}  // namespace

fs::path dated_folder(const std::string& name) {
    const std::time_t now = std::time(nullptr);
    const std::string base =
        fmt::format("results/{:%Y-%m-%d-%H%M%S}-{}", fmt::localtime(now), name);
    fs::path path = base;
    std::error_code ignored;
    for (int i = 2; fs::exists(path, ignored); ++i) path = fmt::format("{}-{}", base, i);
    return path;
}

std::expected<void, std::string> ResultsFolder::write(const std::string& name,
                                                      const std::string& content) const {
    std::ofstream file{path_ / name, std::ios::binary | std::ios::trunc};
    file << content;
    file.flush();
    if (!file) return std::unexpected(fmt::format("cannot write {}", (path_ / name).string()));
    return {};
}

std::expected<ResultsFolder, std::string> ResultsFolder::create(const std::string& folder,
                                                                const Scenario& scenario) {
    ResultsFolder results{folder.empty() ? dated_folder(scenario.name) : fs::path{folder}};
    std::error_code error;
    fs::create_directories(results.path_, error);
    if (error) {
        return std::unexpected(fmt::format("cannot create {}: {}", results.path_.string(),
                                           error.message()));
    }
    if (fs::exists(results.path_ / cells_file)) {
        return std::unexpected(fmt::format("{} holds results already: choose another folder, or "
                                           "go on there with --resume", results.path_.string()));
    }
    for (const auto& [name, content] : {std::pair{incomplete_file, std::string{}},
                                        {scenario_file, scenario.resolved},
                                        {cells_file, std::string{}}}) {
        if (auto written = results.write(name, content); !written) {
            return std::unexpected(written.error());
        }
    }
    return results;
}

std::expected<ResultsFolder, std::string> ResultsFolder::resume(const std::string& folder,
                                                                const Scenario& scenario) {
    ResultsFolder results{fs::path{folder}};
    if (!fs::exists(results.path_ / cells_file)) {
        return std::unexpected(fmt::format("{} holds no results to resume", folder));
    }
    if (read_all(results.path_ / scenario_file) != scenario.resolved) {
        return std::unexpected(fmt::format("{} holds results of another scenario, or of other "
                                           "settings: see its {}", folder, scenario_file));
    }
    std::istringstream lines{read_all(results.path_ / cells_file)};
    std::string kept;
    for (std::string line; std::getline(lines, line);) {
        Json record = Json::parse(line, nullptr, false);
        if (!usable(record, scenario)) continue;
        kept += line + "\n";
        results.records_.push_back(std::move(record));
    }
    std::ranges::sort(results.records_, {}, cell_of);
    const auto twice = std::ranges::unique(results.records_, {}, cell_of);
    results.records_.erase(twice.begin(), twice.end());
    if (auto written = results.write(cells_file, kept); !written) {
        return std::unexpected(written.error());
    }
    return results;
}

std::vector<std::uint32_t> ResultsFolder::missing(const Scenario& scenario) const {
    std::vector<std::uint32_t> cells;
    for (std::uint32_t i = 0; i < scenario.cells.size(); ++i) {
        if (!std::ranges::binary_search(records_, i, {}, cell_of)) cells.push_back(i);
    }
    return cells;
}

std::expected<void, std::string> ResultsFolder::add(Json record) {
    std::ofstream file{path_ / cells_file, std::ios::binary | std::ios::app};
    file << to_line(record) << '\n';
    file.flush();
    const auto place = std::ranges::upper_bound(records_, cell_of(record), {}, cell_of);
    records_.insert(place, std::move(record));
    if (!file) return std::unexpected(fmt::format("cannot write {}", path_.string()));
    return {};
}

std::expected<void, std::string> ResultsFolder::finish(const Scenario& scenario,
                                                       const std::string& report) {
    if (auto written = write("report.html", report); !written) return written;
    std::error_code ignored;
    if (missing(scenario).empty()) fs::remove(path_ / incomplete_file, ignored);
    return {};
}

}  // namespace sim::testbed
