// The command, run as a person or a script does, with a folder of its own for files.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sim/host/file/temporary_folder.hpp"
#include "sim/host/process/command.hpp"

namespace tests::scenario {

namespace fs = std::filesystem;

struct Ran {
    int status = -1;
    std::string output;
};

class CliTest : public testing::Test {
protected:
    static Ran run(std::vector<std::string> arguments) {
        sim::host::process::CommandEnd end;
        auto output = sim::host::process::output_of(std::move(arguments), end);
        return {end.status, output.value_or("")};
    }
    static Ran chitin(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), CHITIN_TOOL);
        return run(std::move(arguments));
    }
    [[nodiscard]] std::string file(const std::string& name, const std::string& content = {}) const {
        const std::string path = (folder_ / name).string();
        if (!content.empty()) std::ofstream{path} << content;
        return path;
    }
    static std::string scenario(const std::string& name) {
        return std::string{CHITIN_SOURCE} + "/scenarios/" + name;
    }

private:
    sim::host::file::TemporaryFolder temporary_;

protected:
    fs::path folder_ = temporary_.path();
};

}  // namespace tests::scenario
