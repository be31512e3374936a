#include "sim/testbed/record.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sim/engine/history.hpp"

namespace sim::testbed {

namespace {

// A program's result lines come from an environment: text until it has been parsed.
Json parse_results(const engine::EnvResult& env) {
    Json results = Json::array();
    for (const std::string& line : env.results) {
        Json object = Json::parse(line, nullptr, false);
        if (!object.is_object()) object = Json{{"malformed_result", line}};
        // The runtime's own first line only names the environment.
        if (object.size() == 1 && object.contains("env")) continue;
        results.push_back(std::move(object));
    }
    return results;
}

Json env_record(const engine::EnvResult& env, bool several_cores) {
    const kernel::abi::EnvInfo& info = env.info;
    std::string name = env.name;
    if (name.empty()) name = fmt::format("#{}", info.serial);
    if (env.name.empty() && several_cores) name += fmt::format("@{}", engine::core_of(env));
    Json record{{"name", name}, {"serial", info.serial}};
    if (several_cores) record["core"] = engine::core_of(env);
    record.update(Json{{"exit_code", info.exit_code},
                       {"reason", reason_name(info.reason)},
                       {"calls", info.calls},
                       {"upcalls", info.upcalls},
                       {"faults", info.faults},
                       {"time_ns", info.time_ns},
                       {"history_hash", fmt::format("{:016x}", info.history_hash)},
                       {"history_events", info.history_events},
                       {"repossessed", info.repossessed},
                       {"released", info.released},
                       {"results", parse_results(env)},
                       {"text", env.text}});
    return record;
}

// Where there are several cores: of which one's root environment the cell's exit code is.
std::string whose_exit_code(const engine::CellResult& result) {
    for (const engine::EnvResult& env : result.envs) {
        if (env.info.creator != kernel::abi::no_env) continue;
        if (env.info.exit_code != result.outcome.exit_code) continue;
        return fmt::format(" of core {}, environment {}", engine::core_of(env), env.name);
    }
    return {};
}

}  // namespace

std::string problem_of(const engine::CellResult& result, bool several_cores) {
    if (!result.error.empty()) return result.error;
    const auto& outcome = result.outcome;
    if (outcome.frames_lost != 0) {
        return fmt::format("{} frames were not returned", outcome.frames_lost);
    }
    if (outcome.reason != kernel::abi::EndReason::exited) {
        return fmt::format("the root environment ended by: {}", reason_name(outcome.reason));
    }
    if (outcome.exit_code == 0) return {};
    return fmt::format("exit code {}{}", outcome.exit_code,
                       several_cores ? whose_exit_code(result) : std::string{});
}

std::string_view reason_name(kernel::abi::EndReason reason) {
    using kernel::abi::EndReason;
    switch (reason) {
        case EndReason::exited: return "exited";
        case EndReason::fault_while_masked: return "fault while upcalls were masked";
        case EndReason::no_vector: return "no upcall vector";
        case EndReason::ran_away: return "ran away";
        case EndReason::destroyed: return "destroyed";
        case EndReason::deadlock: return "deadlock";
    }
    return "unknown";
}

Json make_record(const Scenario& scenario, const engine::CellResult& result,
                 std::string_view machine) {
    const Cell& cell = scenario.cells.at(result.cell);
    Json axes = Json::object();
    for (const auto& [name, value] : cell.axes) axes[name] = value;
    Json environments = Json::array();
    const bool several = cell.machine.cores > 1;
    for (const engine::EnvResult& env : result.envs) {
        environments.push_back(env_record(env, several));
    }
    const std::string error = problem_of(result, several);
    Json record{{"cell", result.cell},
                {"name", cell.name},
                {"machine", machine},
                {"axes", std::move(axes)},
                {"seed", cell.machine.seed}};
    if (several) record["cores"] = cell.machine.cores;
    record.update(Json{{"ok", error.empty()},
                       {"error", error},
                       {"exit_code", result.outcome.exit_code},
                       {"reason", reason_name(result.outcome.reason)},
                       {"time_ns", result.outcome.time_ns},
                       {"host_seconds", result.host_seconds},
                       {"trace_hash", fmt::format("{:016x}", engine::history_of(result))},
                       {"event_hash", result.trace_hash == 0
                                          ? Json(nullptr)
                                          : Json(fmt::format("{:016x}", result.trace_hash))},
                       {"trace_events", result.trace_events != 0 ? result.trace_events
                                                                 : result.outcome.events},
                       {"frames_lost", result.outcome.frames_lost},
                       {"environments", std::move(environments)}});
    return record;
}

std::string to_line(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<Row> rows_of(const std::vector<Json>& records) {
    std::vector<Row> rows;
    const bool several =
        std::ranges::any_of(records, [](const Json& each) { return each.contains("cores"); });
    for (const Json& record : records) {
        for (const Json& environment : record["environments"]) {
            for (const Json& line : environment["results"]) {
                Row row{&record, &environment, record["axes"]};
                row.cells["environment"] = environment["name"];
                if (several) row.cells["core"] = environment.value("core", 0u);
                for (const auto& [key, value] : line.items()) row.cells[key] = value;
                rows.push_back(std::move(row));
            }
        }
    }
    return rows;
}

std::string plain_text(const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_number_float()) return fmt::format("{:.4g}", value.get<double>());
    return to_line(value);
}

}  // namespace sim::testbed
