#pragma once

/// The scenario: what a scenario file says, checked and complete, as cells to run.
///
/// Why: a sweep is a scenario with axes. Everything that can be wrong is found before anything
/// runs, so past this point a Scenario is only data: no text of the file is looked at again.
///
/// Invariants: a cell's environments are in the order of their cores, the first of each core being
/// its root, and core 0 has one; every module is an index into `files`; a cell's name is unique
/// within its scenario and says its axis values.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/abi/bundle.hpp"
#include "libos/rt/declaration.hpp"
#include "sim/testbed/problem.hpp"

namespace sim::testbed {

/// What a scenario may name; the caller knows it, so that tests can bring their own.
struct Catalogue {
    struct Profile {
        std::string_view name;
        std::string_view summary;
        kernel::abi::CostProfile costs;
    };
    struct DiskModel {
        std::string_view name;
        std::string_view summary;
        kernel::abi::ServiceProfile service;
    };
    std::span<const libos::rt::Declaration* const> programs;
    std::vector<Profile> profiles;
    std::vector<std::string_view> policies;
    std::vector<DiskModel> disk_models = {};

    [[nodiscard]] const libos::rt::Declaration* program(std::string_view name) const;
    [[nodiscard]] const Profile* profile(std::string_view name) const;
    [[nodiscard]] const DiskModel* disk_model(std::string_view name) const;
};

/// A data file of the bundle: a decoded trace.
struct DataFile {
    std::string name;              ///< the trace file's own name, without folders
    std::uint64_t references = 0;
    std::uint32_t pages = 0;       ///< distinct pages; 0: a trace of requests
    std::vector<std::byte> image;  ///< libos/vm/trace_image.hpp's or load/request_image.hpp's
};

using Arguments = std::vector<std::pair<std::string, std::string>>;

struct Environment {
    std::string name;
    std::string program;
    std::uint32_t limit_frames = 0;
    std::uint32_t guarantee_frames = 0;
    std::uint32_t core = 0;
    Arguments arguments;                 ///< in the declaration's order, defaults left out
    std::vector<std::uint32_t> modules;  ///< indices into Scenario::files
};

/// One [[disk]].
struct Disk {
    std::string name;
    std::string image;        ///< a raw file's path, found and in whole blocks; empty: blank
    std::uint64_t bytes = 0;  ///< a multiple of kernel::abi::page_size
    bool nvme = false;        ///< on the image: behind an NVMe controller, not virtio
    bool keep = false;        ///< `run` and `boot` write into the file
    bool lose_unflushed = false;  ///< hosted: the power fails at the machine's end
    kernel::abi::ServiceProfile service{};
};

struct Machine {
    std::uint32_t pool_frames = 0;  ///< in equal parts, one a core
    std::uint32_t cores = 1;
    std::uint64_t slice_ns = 0;
    std::uint64_t seed = 0;
    kernel::abi::CostProfile costs{};
    std::vector<Disk> disks = {};
};

struct Cell {
    std::string name;
    Arguments axes;  ///< this cell's value on each axis, in the order of [sweep]
    Machine machine;
    std::vector<Environment> environments;
};

/// One [[expect]]: holds for every result line it applies to.
struct Expectation {
    Place place;
    std::string program_or_env;             ///< empty: any environment
    Arguments where;                        ///< result or axis values that select lines
    std::string column;                     ///< a key of the result lines, or "exit"
    std::optional<std::string> equals;      ///< a value, or the name of another column
    std::optional<double> at_most;
    std::optional<double> at_least;
};

/// One [[report.plot]]: result lines as one figure against another. Columns are keys of result
/// lines, or axes.
struct PlotRequest {
    Place place;
    std::string title;
    std::string x;                    ///< a column: numbers make lines, anything else bars
    std::string y;                    ///< a column of numbers
    std::string line;                 ///< a line or bar for each value of this column; empty: one
    std::vector<std::string> beside;  ///< a plot for each combination of values of these columns
    Arguments where;                  ///< values that select lines
    std::string x_label;              ///< empty: the column
    std::string y_label;
    double divide = 1;                ///< y by this
    bool log_y = false;
};

struct Scenario {
    std::string name;      ///< the file's name without folder and suffix
    std::string title;
    std::string resolved;  ///< the scenario with every --set and --seed applied, as TOML
    std::vector<std::string> axis_names;
    std::vector<std::string> columns;  ///< [report] columns; empty: those of the results
    std::vector<PlotRequest> plots;
    std::vector<Cell> cells;
    std::vector<DataFile> files;
    std::vector<Expectation> expectations;
};

struct ReadScenario {
    std::vector<std::string> settings;  ///< `key=value`, from --set
    std::optional<std::uint64_t> seed;  ///< from --seed
    std::string base_folder;            ///< where trace paths start; empty: the file's folder
};

/// Reads, checks and expands `path`. Problems: all of them at once.
[[nodiscard]] std::optional<Scenario> read_scenario(const std::string& path,
                                                    const Catalogue& catalogue,
                                                    const ReadScenario& options,
                                                    Problems& problems);

/// As read_scenario, from text; `name` is used in messages.
[[nodiscard]] std::optional<Scenario> parse_scenario(std::string_view text,
                                                     const std::string& name,
                                                     const Catalogue& catalogue,
                                                     const ReadScenario& options,
                                                     Problems& problems);

}  // namespace sim::testbed
