// Scenarios whose programs say what they persist, over the programs and models of this build.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "scenarios/programs/programs.hpp"
#include "sim/models/cost_profiles.hpp"
#include "sim/models/disk_profiles.hpp"
#include "sim/testbed/scenario.hpp"

namespace tests::power {

inline sim::testbed::Catalogue catalogue() {
    sim::testbed::Catalogue all;
    all.programs = scenarios::programs::program_declarations();
    for (const auto& profile : sim::models::cost_profiles()) {
        all.profiles.push_back({profile.name, profile.source, profile.values});
    }
    for (const auto& model : sim::models::disk_profiles()) {
        all.disk_models.push_back({model.name, model.source, model.values});
    }
    return all;
}

inline sim::testbed::Scenario scenario(const std::string& text, const std::string& folder = ".") {
    sim::testbed::Problems problems;
    auto read = sim::testbed::parse_scenario(text, "test.toml", catalogue(), {{}, {}, folder},
                                             problems);
    EXPECT_TRUE(read) << problems.text();
    return read ? std::move(*read) : sim::testbed::Scenario{};
}

// One `persist` with these arguments, on a disk that is given by `contents`.
inline std::string persist_text(const std::string& arguments,
                                const std::string& contents = "size = \"7 MiB\"",
                                const std::string& name = "persist") {
    return "[machine]\nmemory = \"16 MiB\"\n[[disk]]\n" + contents +
           "\n[[environments]]\nname = \"" + name +
           "\"\nprogram = \"persist\"\nargs = { disk_blocks = 1536, " + arguments + " }\n";
}

inline std::string quoted(const std::string& text) { return "\"" + text + "\""; }

}  // namespace tests::power
