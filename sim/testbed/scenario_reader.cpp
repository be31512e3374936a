// Reading a scenario: parse, apply settings, read the tables, expand the sweep.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "sim/testbed/draft.hpp"

namespace sim::testbed {

namespace {

constexpr std::uintmax_t scenario_bytes_max = 1 << 20;

std::optional<std::string> read_text(const std::string& path, Problems& problems) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (error) {
        problems.add({path, 0, 0}, fmt::format("cannot read the scenario: {}, expected a .toml "
                                               "file", error.message()));
        return std::nullopt;
    }
    if (size > scenario_bytes_max) {
        problems.add({path, 0, 0}, fmt::format("{} bytes, expected a scenario of at most {}",
                                               size, scenario_bytes_max));
        return std::nullopt;
    }
    std::ifstream file{path, std::ios::binary};
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) {
        problems.add({path, 0, 0}, "cannot read the scenario, expected a readable file");
        return std::nullopt;
    }
    return text.str();
}

std::string resolve(const toml::table& root) {
    std::ostringstream text;
    text << root << '\n';
    return text.str();
}

}  // namespace

std::optional<Scenario> parse_scenario(std::string_view text, const std::string& name,
                                       const Catalogue& catalogue, const ReadScenario& options,
                                       Problems& problems) {
    toml::table root;
    try {
        root = toml::parse(text, name);
    } catch (const toml::parse_error& error) {
        const auto& begin = error.source().begin;
        problems.add({name, begin.line, begin.column}, std::string{error.description()});
        return std::nullopt;
    }
    apply_settings(root, catalogue, options, problems);
    const TomlView view{name, problems};
    Draft draft = read_draft(root, catalogue, view);
    std::ranges::stable_sort(draft.axes, {}, [](const Axis& axis) { return axis.place.line; });

    Scenario scenario;
    scenario.name = std::filesystem::path{name}.stem().string();
    scenario.title = draft.title;
    scenario.resolved = resolve(root);
    scenario.columns = draft.columns;
    scenario.plots = draft.plots;
    for (const Axis& axis : draft.axes) scenario.axis_names.push_back(axis.name);
    const std::string own = std::filesystem::path{name}.parent_path().string();
    const std::vector<std::string> folders{
        options.base_folder.empty() ? (own.empty() ? "." : own) : options.base_folder, "."};
    find_images(draft, folders, problems);
    expand_cells(draft, catalogue, folders, scenario, problems);
    scenario.expectations = std::move(draft.expectations);
    if (!problems.empty()) return std::nullopt;
    return scenario;
}

std::optional<Scenario> read_scenario(const std::string& path, const Catalogue& catalogue,
                                      const ReadScenario& options, Problems& problems) {
    const auto text = read_text(path, problems);
    if (!text) return std::nullopt;
    return parse_scenario(*text, path, catalogue, options, problems);
}

}  // namespace sim::testbed
