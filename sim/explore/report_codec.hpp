#pragma once

/// Decisions and reports as JSON, between processes and in files.

#include <expected>
#include <string>

#include <nlohmann/json.hpp>

#include "sim/explore/run.hpp"

namespace sim::explore {

using Json = nlohmann::ordered_json;

[[nodiscard]] Json to_json(const Decisions& decisions);
/// Error: which decision is wrong, and what was expected.
[[nodiscard]] std::expected<Decisions, std::string> decisions_of(const Json& json);

[[nodiscard]] Json to_json(const RunReport& report);
/// Of a child process's own making: throws where it is not.
[[nodiscard]] RunReport report_of(const Json& json);

[[nodiscard]] Failure failure_of(std::string_view name);

}  // namespace sim::explore
