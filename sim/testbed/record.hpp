#pragma once

/// The record: one cell's result as a JSON object, the form in which it is kept and shown.
///
/// Why JSON in memory too: a fresh result, one from the bare machine and one read back from a
/// results folder are then the same thing to the table, the report and the expectations.
///
///     {"cell", "name", "machine", "axes": {..}, "seed", "cores", "ok", "error", "exit_code",
///      "reason", "time_ns", "host_seconds", "trace_hash", "event_hash", "trace_events",
///      "frames_lost",
///      "environments": [{"name", "serial", "core", "exit_code", "reason", "calls", "upcalls",
///                        "faults", "time_ns", "history_hash", "history_events", "repossessed",
///                        "released", "results": [{..}], "text"}]}
///
/// "cores" and "core" are there where the cell has several cores only. A "serial" counts the
/// environments of one core.
/// trace_hash is the same on both machines (sim/engine/history.hpp); event_hash is over all
/// events in the order they happened, null where nobody saw them (bare).
/// Hashes are 16 hexadecimal digits in text: JSON numbers lose bits over 2^53 in many readers.

#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "sim/engine/cell_result.hpp"
#include "sim/testbed/scenario.hpp"

namespace sim::testbed {

using Json = nlohmann::ordered_json;

/// `machine`: "hosted" or "bare".
[[nodiscard]] Json make_record(const Scenario& scenario, const engine::CellResult& result,
                               std::string_view machine);

/// Why the cell is not well: an error, lost frames, the root's end; empty: it is.
[[nodiscard]] std::string problem_of(const engine::CellResult& result, bool several_cores);

/// One line, valid UTF-8 whatever a program printed.
[[nodiscard]] std::string to_line(const Json& json);

/// One row of a table: a result line with its cell's axes before it.
struct Row {
    const Json* record = nullptr;
    const Json* environment = nullptr;
    Json cells;  ///< an object: axis values, environment (and core, where any record has
                 ///< several), then the line's own keys
};

/// All result lines of all records, in order.
[[nodiscard]] std::vector<Row> rows_of(const std::vector<Json>& records);

/// A JSON scalar as text without quotes.
[[nodiscard]] std::string plain_text(const Json& value);

[[nodiscard]] std::string_view reason_name(kernel::abi::EndReason reason);

}  // namespace sim::testbed
