// `chitin debug` in batches: what each gdb command printed, beside the history that the same cell
// has without gdb.
#pragma once

#include <algorithm>
#include <sstream>

#include <nlohmann/json.hpp>

#include "tests/scenario/cli_fixture.hpp"

namespace tests::scenario {

using Words = std::vector<std::string>;

enum class On { hosted, image };

class DebugTest : public CliTest {
protected:
    void SetUp() override {
        if (sim::host::process::find_program("gdb").empty()) {
            GTEST_SKIP() << "skipped: gdb is not installed";
        }
    }

    static bool image_built() {
        return fs::exists(std::string{CHITIN_SOURCE} + "/build/image/image/chitin.elf") &&
               fs::exists(std::string{CHITIN_SOURCE} + "/build/image/image/symbols");
    }
    // The command, with what it says on standard error too.
    static Ran chitin_all(const Words& arguments) {
        Words all{"sh", "-c", "exec \"$@\" 2>&1", "sh", CHITIN_TOOL};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return run(std::move(all));
    }

    // Runs `commands` one after the other; "start" is what lets that machine go.
    void debug(const std::string& name, On machine, const Words& commands,
               const Words& options = {}) {
        Words all{"debug", scenario(name), "--batch"};
        if (machine == On::image) all.emplace_back("--image");
        all.insert(all.end(), options.begin(), options.end());
        for (const std::string& command : commands) {
            const char* const start = machine == On::image ? "continue" : "run";
            all.insert(all.end(), {"-ex", "echo " + mark_ + command + "\\n", "-ex",
                                   command == "start" ? start : command});
        }
        all.insert(all.end(), {"-ex", "echo " + mark_ + "\\n"});  // behind it: how it ended
        all_ = chitin_all(all).output;
    }

    // What `command` printed. A command that was given twice: the first time.
    [[nodiscard]] std::string said(const std::string& command) const {
        const std::string head = mark_ + command + "\n";
        const std::size_t at = all_.find(head);
        if (at == std::string::npos) return "(" + command + " was not reached)\n" + all_;
        const std::size_t begin = at + head.size();
        return all_.substr(begin, all_.find(mark_, begin) - begin);
    }
    // Its lines behind the head, each as words.
    [[nodiscard]] std::vector<Words> lines(const std::string& command) const {
        std::vector<Words> found;
        std::istringstream text{said(command)};
        for (std::string line; std::getline(text, line);) {
            std::istringstream words{line};
            found.emplace_back();
            for (std::string word; words >> word;) found.back().push_back(word);
        }
        if (!found.empty()) found.erase(found.begin());
        return found;
    }
    [[nodiscard]] bool says(const std::string& command, const std::string& text) const {
        return said(command).find(text) != std::string::npos;
    }
    static bool has(const Words& line, const std::string& word) {
        return std::ranges::find(line, word) != line.end();
    }

    // The cell's history, as `chitin trace` writes it.
    [[nodiscard]] nlohmann::json history(const std::string& name) const {
        const std::string path = file("history.json");
        EXPECT_EQ(chitin({"trace", scenario(name), "-o", path}).status, 0);
        std::ifstream in{path};
        return nlohmann::json::parse(in, nullptr, false);
    }
    static bool ok(const nlohmann::json& event, const std::string& what) {
        return event["what"] == what && event["status"] == "ok";
    }
    static std::uint64_t word(const nlohmann::json& event, std::size_t index) {
        return std::stoull(event["words"][index].get<std::string>(), nullptr, 16);
    }

    const std::string mark_ = "@@";
    std::string all_;
};

}  // namespace tests::scenario
