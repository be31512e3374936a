#include "sim/cli/machine_check.hpp"

#include <map>
#include <utility>

#include <fmt/format.h>

#include "sim/cli/bare_cells.hpp"
#include "sim/cli/exit_code.hpp"
#include "sim/cli/hosted_cells.hpp"
#include "sim/testbed/event_text.hpp"

namespace sim::cli {

namespace {

using engine::CellResult;
using engine::EnvResult;

// Environments are told apart by their cores and, on each, by the order of their creation.
std::pair<std::uint32_t, std::uint16_t> key_of(const EnvResult& env) {
    return {engine::core_of(env), env.info.serial};
}

std::string who(const EnvResult& env, bool several_cores) {
    if (!several_cores) return fmt::format("environment {}", env.info.serial);
    return fmt::format("core {}, environment {}", engine::core_of(env), env.info.serial);
}

// Says what differs between two results of one cell; empty: nothing.
std::string difference(const CellResult& hosted, const CellResult& bare, bool several_cores) {
    if (hosted.error.empty() != bare.error.empty()) {
        return fmt::format("one machine failed: hosted \"{}\", bare \"{}\"", hosted.error,
                           bare.error);
    }
    std::map<std::pair<std::uint32_t, std::uint16_t>, const EnvResult*> by_key;
    for (const EnvResult& env : hosted.envs) by_key[key_of(env)] = &env;
    if (hosted.envs.size() != bare.envs.size()) {
        return fmt::format("{} environments hosted, {} bare", hosted.envs.size(),
                           bare.envs.size());
    }
    for (const EnvResult& env : bare.envs) {
        const auto found = by_key.find(key_of(env));
        if (found == by_key.end()) {
            return fmt::format("{} is on the bare machine only", who(env, several_cores));
        }
        const auto& a = found->second->info;
        const auto& b = env.info;
        if (a.history_hash != b.history_hash || a.history_events != b.history_events) {
            return fmt::format("{} ({}): {:016x} ({} events) hosted, {:016x} ({} events) bare",
                               who(env, several_cores), found->second->name, a.history_hash,
                               a.history_events, b.history_hash, b.history_events);
        }
        if (found->second->results != env.results) {
            return fmt::format("{} ({}) reports other results", who(env, several_cores),
                               found->second->name);
        }
    }
    return {};
}

void show_divergence(const testbed::Scenario& scenario, std::uint32_t cell,
                     const testbed::boot::BareOptions& options) {
    CellResult hosted;
    CellResult bare;
    const std::uint32_t chosen[] = {cell};
    const auto a = run_hosted_cells(scenario, chosen, {.parallel = 1, .trace_full = true},
                                    [&](const CellResult& result) { hosted = result; });
    const auto b = run_bare_cells(scenario, chosen, true, options,
                                  [&](const CellResult& result) { bare = result; });
    if (!a || !b) return;
    if (hosted.events.empty() || bare.events.empty()) {
        fmt::print("    no events to compare: {} hosted, {} bare\n", hosted.events.size(),
                   bare.events.size());
        return;
    }
    const std::string text = testbed::machines_divergence(
        hosted.events, bare.events, scenario.cells[cell].machine.cores, "hosted", "bare");
    fmt::print("{}", text.empty()
                         ? "    run again with every event kept, both histories are the same\n"
                         : text);
}

}  // namespace

int check_machines(const testbed::Scenario& scenario, const ScenarioOptions& options,
                   const std::vector<CellResult>& bare,
                   const testbed::boot::BareOptions& bare_options) {
    std::vector<std::uint32_t> chosen;
    std::map<std::uint32_t, CellResult> hosted;
    for (const CellResult& result : bare) chosen.push_back(result.cell);
    const auto ended =
        run_hosted_cells(scenario, chosen, {.parallel = options.parallel()},
                         [&](const CellResult& result) { hosted[result.cell] = result; });
    if (!ended) {
        fmt::print(stderr, "chitin boot: {}\n", ended.error());
        return exit_failed;
    }
    if (*ended == HostedEnd::interrupted) return exit_interrupted;
    FILE* const out = options.json ? stderr : stdout;
    std::uint64_t events = 0;
    for (const CellResult& result : bare) {
        for (const EnvResult& env : result.envs) events += env.info.history_events;
        const bool several = scenario.cells[result.cell].machine.cores > 1;
        const std::string wrong = difference(hosted[result.cell], result, several);
        if (wrong.empty()) continue;
        fmt::print(out, "different: cell {} ({}): {}\n", result.cell,
                   scenario.cells[result.cell].name, wrong);
        if (!options.json) show_divergence(scenario, result.cell, bare_options);
        return exit_failed;
    }
    fmt::print(out, "identical: {} events\n", events);
    return exit_ok;
}

}  // namespace sim::cli
