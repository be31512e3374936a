#pragma once

/// A catalogue of made-up programs, so that the testbed's tests depend on no real one.

#include "sim/testbed/scenario.hpp"

namespace tests {

[[nodiscard]] inline sim::testbed::Catalogue test_catalogue() {
    using libos::rt::Declaration;
    using libos::rt::Parameter;
    using libos::rt::ParameterKind;
    static constexpr Parameter replay_parameters[] = {
        {"trace", ParameterKind::trace, "", "the trace"},
        {"policy", ParameterKind::policy, "lru", "the policy"},
        {"frames", ParameterKind::integer, "8", "frames", 1, 100000},
        {"view", ParameterKind::choice, "references", "the view", 0, 0, "references accessed-bits"},
        {"check", ParameterKind::boolean, "true", "whether to check"}};
    static constexpr Parameter greet_parameters[] = {
        {"name", ParameterKind::text, "world", "whom to greet"}};
    static constexpr Declaration init{"init", "starts the others", {}};
    static constexpr Declaration replay{"replay", "replays a trace", replay_parameters};
    static constexpr Declaration greet{"greet", "greets", greet_parameters};
    static constexpr const Declaration* programs[] = {&init, &replay, &greet};
    sim::testbed::Catalogue catalogue;
    catalogue.programs = programs;
    catalogue.profiles = {{"default", "", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}}, {"zero", "", {}}};
    catalogue.policies = {"fifo", "lru", "arc"};
    kernel::abi::ServiceProfile slow{}, fast{};
    slow.channels = fast.channels = 1;
    slow.command = 1000;
    catalogue.disk_models = {{"nvme", "", fast}, {"hdd", "", slow}};
    return catalogue;
}

}  // namespace tests
