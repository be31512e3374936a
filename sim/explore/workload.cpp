#include "sim/explore/workload.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace sim::explore {

namespace {

using libos::rt::Parameter;
using libos::rt::ParameterKind;

std::string* find(testbed::Environment& environment, std::string_view name) {
    const auto at = std::ranges::find(environment.arguments, name,
                                      &std::pair<std::string, std::string>::first);
    return at == environment.arguments.end() ? nullptr : &at->second;
}

// Arguments are in the declaration's order.
void set(testbed::Environment& environment, const libos::rt::Declaration& program,
         std::string_view name, const std::string& value) {
    testbed::Arguments all;
    for (const Parameter& parameter : program.parameters) {
        const std::string* const old = find(environment, parameter.name);
        if (parameter.name == name) {
            all.emplace_back(parameter.name, value);
        } else if (old != nullptr) {
            all.emplace_back(parameter.name, *old);
        }
    }
    environment.arguments = std::move(all);
}

std::optional<std::int64_t> integer(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::string apply(testbed::Cell& cell, const ArgumentChanges& changes,
                  const testbed::Catalogue& catalogue) {
    for (const ArgumentChange& change : changes) {
        if (change.environment >= cell.environments.size()) {
            return "a change names environment " + std::to_string(change.environment) +
                   ": there are " + std::to_string(cell.environments.size());
        }
        testbed::Environment& environment = cell.environments[change.environment];
        const auto* const program = catalogue.program(environment.program);
        const bool known =
            program != nullptr && std::ranges::any_of(program->parameters, [&](const auto& one) {
                return one.name == change.name && one.kind == ParameterKind::integer;
            });
        if (!known || !integer(change.value)) {
            return "a change names " + environment.program + "'s argument " + change.name +
                   ": expected an integer argument of that program";
        }
        set(environment, *program, change.name, change.value);
    }
    return {};
}

ArgumentChanges shrink_workload(const testbed::Scenario& scenario, std::uint32_t cell,
                                const testbed::Catalogue& catalogue,
                                const std::function<bool(const testbed::Scenario&)>& still_fails) {
    testbed::Scenario best = scenario;
    ArgumentChanges changes;
    for (std::uint32_t i = 0; i < best.cells[cell].environments.size(); ++i) {
        const auto* const program =
            catalogue.program(best.cells[cell].environments[i].program);
        if (program == nullptr) continue;
        for (const Parameter& parameter : program->parameters) {
            if (parameter.kind != ParameterKind::integer || parameter.name == "seed") continue;
            const std::string* const given =
                find(best.cells[cell].environments[i], parameter.name);
            const auto value = integer(given != nullptr ? *given : parameter.fallback);
            if (!value) continue;
            std::int64_t least = *value;
            for (std::int64_t next = parameter.minimum; next < least;) {
                testbed::Scenario candidate = best;
                set(candidate.cells[cell].environments[i], *program, parameter.name,
                    std::to_string(next));
                if (still_fails(candidate)) {
                    best = std::move(candidate);
                    least = next;
                } else {
                    next = next + (least - next + 1) / 2;
                    if (next == least) break;
                }
            }
            if (least == *value) continue;
            changes.push_back({i, std::string{parameter.name}, std::to_string(least)});
        }
    }
    return changes;
}

}  // namespace sim::explore
