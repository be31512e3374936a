#include "tests/unit/thread/tool.hpp"

#include <sstream>

#include <gtest/gtest.h>

#include "sim/host/file/temporary_folder.hpp"
#include "sim/host/process/command.hpp"

namespace tests::thread {

using nlohmann::json;

std::vector<json> run_scenario(const std::string& scenario,
                               const std::vector<std::string>& settings) {
    const sim::host::file::TemporaryFolder folder;
    std::vector<std::string> command{CHITIN_TOOL, "run",
                                     std::string{CHITIN_SOURCE_DIR} + "/scenarios/" + scenario,
                                     "--json", "-j", "2", "-o", folder.file("results")};
    for (const std::string& setting : settings) {
        command.insert(command.end(), {"--set", setting});
    }
    sim::host::process::CommandEnd end;
    std::istringstream lines{sim::host::process::output_of(command, end).value_or("")};
    std::vector<json> records;
    for (std::string line; std::getline(lines, line);) {
        json record = json::parse(line, nullptr, false);
        if (record.is_object() && record.contains("cell")) records.push_back(std::move(record));
    }
    EXPECT_FALSE(records.empty()) << scenario;
    return records;
}

namespace {

json environment_of(const json& record, const std::string& name) {
    for (const json& environment : record["environments"]) {
        if (environment["name"] == name) return environment;
    }
    ADD_FAILURE() << "no environment is called " << name << ": " << record.dump();
    return {{"results", json::array()}, {"text", ""}};
}

}  // namespace

std::vector<json> results_of(const json& record, const std::string& name) {
    return environment_of(record, name)["results"].get<std::vector<json>>();
}

std::string text_of(const json& record, const std::string& name) {
    return environment_of(record, name)["text"].get<std::string>();
}

}  // namespace tests::thread
