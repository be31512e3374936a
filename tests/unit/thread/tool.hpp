#pragma once

/// Runs a scenario with the built command, and reads what its cells answered.

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace tests::thread {

/// The record of each cell of `scenario`, run with `options` of `chitin run`.
[[nodiscard]] std::vector<nlohmann::json> run_scenario(const std::string& scenario,
                                                       const std::vector<std::string>& settings);

/// The result lines and the text of the environment called `name`.
[[nodiscard]] std::vector<nlohmann::json> results_of(const nlohmann::json& record,
                                                     const std::string& name);
[[nodiscard]] std::string text_of(const nlohmann::json& record, const std::string& name);

}  // namespace tests::thread
