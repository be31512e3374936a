#pragma once

/// The session: one run of a scenario's cells, from the results folder to the exit code.
///
/// Why apart from the commands: `run` and `boot` differ in the machine only; what is kept, shown
/// and reported is the same, so that their tables can be laid side by side.

#include <optional>
#include <string>
#include <string_view>

#include "sim/cli/scenario_options.hpp"
#include "sim/engine/cell_result.hpp"
#include "sim/testbed/results_folder.hpp"

namespace sim::cli {

struct SessionOptions {
    std::string output;  ///< results folder; empty: a dated one
    std::string resume;  ///< an existing results folder; empty: none
    std::string machine = "hosted";
};

class Session {
public:
    /// Nothing, with the reason on standard error, where the results folder cannot be had.
    [[nodiscard]] static std::optional<Session> open(const testbed::Scenario& scenario,
                                                     const ScenarioOptions& options,
                                                     const SessionOptions& session);

    /// The cells still to run.
    [[nodiscard]] const std::vector<std::uint32_t>& todo() const { return todo_; }

    /// Takes one result: kept on disk, printed under --json, counted in the progress bar.
    void take(const engine::CellResult& result);

    /// Prints tables, failures and expectations, writes the report. Returns the exit code.
    [[nodiscard]] int finish(bool interrupted);

private:
    Session(const testbed::Scenario& scenario, const ScenarioOptions& options,
            const SessionOptions& session, testbed::ResultsFolder folder);

    void show_progress() const;
    void clear_progress() const;
    void print_results() const;
    [[nodiscard]] bool print_failures() const;

    const testbed::Scenario& scenario_;
    const ScenarioOptions& options_;
    std::string machine_;
    testbed::ResultsFolder folder_;
    std::vector<std::uint32_t> todo_;
    std::size_t taken_ = 0;
    bool progress_ = false;
    bool disk_failed_ = false;
};

}  // namespace sim::cli
