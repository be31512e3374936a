#pragma once

/// The draft: a scenario file after its tables were read and before its sweep is expanded.
///
/// Why two steps: whether an argument's value is right depends on the cell (an axis may set it, a
/// percentage depends on the trace), whether a table is well formed does not.

#include <map>
#include <string>
#include <vector>

#include "sim/testbed/scenario.hpp"
#include "sim/testbed/toml_view.hpp"

namespace sim::testbed {

/// A scalar of the file with its place, whatever its type.
struct Value {
    std::string text;
    toml::node_type type = toml::node_type::string;
    Place place;
};

/// On which of a cell's cores an environment runs; what it means follows each cell's cores.
struct Placement {
    enum class Kind { one, others, all };  ///< others: all but core 0
    Kind kind = Kind::one;
    std::uint32_t core = 0;                ///< of `one`
    Place place{};

    [[nodiscard]] bool replicates() const { return kind != Kind::one; }
    [[nodiscard]] std::vector<std::uint32_t> cores(std::uint32_t count) const;
};

struct EnvironmentDraft {
    std::string name;
    Place place;
    const libos::rt::Declaration* program = nullptr;
    std::uint32_t limit_frames = 0;      ///< 0: all memory
    std::uint32_t guarantee_frames = 0;
    std::uint32_t count = 1;
    Placement placement;
    std::map<std::string, Value> arguments;
};

/// Draft::machine has its disk; whether its file is one is seen later (expand_cells).
struct DiskDraft {
    Place place;  ///< of its image, or its table
};

struct Axis {
    std::string name;
    Place place;
    std::vector<Value> values;
};

struct Draft {
    std::string title;
    Machine machine;
    std::vector<DiskDraft> disks;  ///< of each of machine.disks
    Place machine_place;
    Place cores_place;  ///< line 0: the file does not say
    EnvironmentDraft root;
    std::vector<EnvironmentDraft> environments;
    std::vector<Axis> axes;
    std::vector<std::string> columns;
    std::vector<PlotRequest> plots;
    std::vector<Expectation> expectations;
};

/// Reads all tables of `root`. Problems: unknown keys, wrong types, values out of range, programs
/// that do not exist.
[[nodiscard]] Draft read_draft(const toml::table& root, const Catalogue& catalogue,
                               const TomlView& view);

/// The sentence for a disk model that there is not.
[[nodiscard]] std::string unknown_disk_model(std::string_view name, const Catalogue& catalogue);

/// The [[disk]] tables, into `draft`. Problems as read_draft's.
void read_disks(const toml::table& root, const Catalogue& catalogue, const TomlView& view,
                Draft& draft);
/// Finds the images of the disks and takes their sizes. Problems: no such file, not in blocks.
void find_images(Draft& draft, const std::vector<std::string>& folders, Problems& problems);

/// The cells of `draft`, into `scenario.cells`, with the traces they need in `scenario.files`.
void expand_cells(const Draft& draft, const Catalogue& catalogue,
                  const std::vector<std::string>& trace_folders, Scenario& scenario,
                  Problems& problems);

/// Applies `key=value` settings and the seed to the parsed file.
void apply_settings(toml::table& root, const Catalogue& catalogue, const ReadScenario& options,
                    Problems& problems);

}  // namespace sim::testbed
