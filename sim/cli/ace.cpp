#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sim/cli/command.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/exit_code.hpp"
#include "sim/testbed/ace/formats.hpp"

namespace sim::cli {

namespace {

using testbed::ace::LineResult;
using testbed::ace::Workload;

struct Request {
    std::string file;
    std::string fs = "cofs";
    std::uint64_t line = 0;
    std::int64_t state = -1;
    std::uint64_t seed = 1;
    bool ignore_flushes = false;
    bool json = false;
};

struct Totals {
    std::uint64_t lines = 0;
    std::uint64_t passed = 0;
    std::uint64_t failed = 0;
    std::uint64_t not_supported = 0;  ///< lines that passed without a statement
    std::uint64_t promised = 0;
    std::uint64_t states = 0;
};

int fail(int code, const std::string& message) {
    std::fprintf(stderr, "chitin ace: %s\n", message.c_str());
    return code;
}

std::string replay_command(const Request& request, const LineResult& result) {
    std::string command = fmt::format("./chitin ace {} --fs {} --line {}", request.file,
                                      request.fs, result.line);
    if (!result.breaches.empty() && !result.breaches[0].where.starts_with("before")) {
        command += fmt::format(" --state {}", result.breaches[0].state);
    }
    if (request.seed != 1) command += fmt::format(" --seed {}", request.seed);
    if (request.ignore_flushes) command += " --ignore-flushes";
    return command;
}

void print_text(const Request& request, const LineResult& result) {
    for (const auto& breach : result.breaches) {
        fmt::print("line {} failed: {}\n  {}: {}\n  replay: {}\n", result.line, result.text,
                   breach.where, breach.what, replay_command(request, result));
    }
    // One line was asked for: say what it did.
    if (request.line == 0 || !result.passed()) return;
    fmt::print("line {} passed: {}\n", result.line, result.text);
    for (const auto& refusal : result.refusals) {
        fmt::print("  refused: {}: error {}\n", refusal.statement,
                   static_cast<int>(refusal.error));
    }
}

void print_json(const Request& request, const LineResult& result) {
    nlohmann::ordered_json line;
    line["line"] = result.line;
    line["passed"] = result.passed();
    line["states"] = result.states;
    line["promised"] = result.promised;
    line["not_supported"] = result.not_supported;
    line["refused"] = nlohmann::ordered_json::array();
    for (const auto& refusal : result.refusals) {
        line["refused"].push_back({{"statement", refusal.statement},
                                   {"error", static_cast<int>(refusal.error)}});
    }
    if (!result.passed()) {
        line["state"] = result.breaches[0].state;
        line["where"] = result.breaches[0].where;
        line["lost"] = result.breaches[0].what;
        line["replay"] = replay_command(request, result);
    }
    using Json = nlohmann::ordered_json;
    fmt::print("{}\n", line.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void add(Totals& totals, const LineResult& result) {
    ++totals.lines;
    ++(result.passed() ? totals.passed : totals.failed);
    totals.not_supported += result.passed() && result.not_supported ? 1 : 0;
    totals.promised += result.promised ? 1 : 0;
    totals.states += result.states;
}

void print_summary(const Request& request, const Totals& totals) {
    if (request.json) {
        nlohmann::ordered_json all;
        all["fs"] = request.fs;
        all["lines"] = totals.lines;
        all["passed"] = totals.passed;
        all["failed"] = totals.failed;
        all["promised"] = totals.promised;
        all["not_supported"] = totals.not_supported;
        all["states"] = totals.states;
        fmt::print("{}\n", all.dump());
        return;
    }
    const std::string without =
        totals.not_supported == 0
            ? ""
            : fmt::format(", {} of them with statements the format has no word for",
                          totals.not_supported);
    fmt::print("{}: {} of {} lines passed{}; {} crash states; {} lines promise something\n",
               request.fs, totals.passed, totals.lines, without, totals.states, totals.promised);
}

void show_progress(const Totals& totals, std::size_t all) {
    if (isatty(STDERR_FILENO) == 0) return;
    std::fprintf(stderr, "\r%llu of %zu lines, %llu failed, %llu crash states ",
                 static_cast<unsigned long long>(totals.lines), all,
                 static_cast<unsigned long long>(totals.failed),
                 static_cast<unsigned long long>(totals.states));
    if (totals.lines == all) std::fprintf(stderr, "\r%70s\r", "");
    std::fflush(stderr);
}

int run(const Request& request) {
    const auto runner = testbed::ace::runner_named(request.fs);
    if (!runner) {
        return fail(exit_usage, fmt::format("--fs: unknown file system \"{}\"; known: {}",
                                            request.fs, testbed::ace::format_names()));
    }
    auto workloads = testbed::ace::read_workloads(request.file);
    if (!workloads) return fail(exit_usage, workloads.error());
    if (request.line != 0) {
        std::erase_if(*workloads, [&](const Workload& w) { return w.line != request.line; });
        if (workloads->empty()) {
            return fail(exit_usage, fmt::format("--line: {} has no workload at line {}",
                                                request.file, request.line));
        }
    }
    testbed::ace::LineOptions options;
    options.bounds.seed = request.seed;
    options.bounds.only_state = request.state;
    options.ignore_flushes = request.ignore_flushes;
    Totals totals;
    for (const Workload& workload : *workloads) {
        const LineResult result = (*runner)(workload, options);
        add(totals, result);
        show_progress(totals, workloads->size());
        if (request.json) {
            print_json(request, result);
        } else {
            print_text(request, result);
        }
    }
    if (request.state >= 0 && totals.states == 0 && totals.failed == 0) {
        return fail(exit_usage, fmt::format("--state: there is no crash state {}",
                                            request.state));
    }
    print_summary(request, totals);
    return totals.failed == 0 ? exit_ok : exit_failed;
}

}  // namespace

void add_ace(Command& app, int& exit_code) {
    auto request = std::make_shared<Request>();
    Command* const ace = app.add_subcommand(
        "ace", "Run crash workloads (ACE's J-lang) and try every crash of each");
    ace->add_option("file", request->file, "Workloads, one a line")->required();
    ace->add_option("--fs", request->fs,
                    "File system: " + testbed::ace::format_names())
        ->capture_default_str();
    ace->add_option("--line", request->line, "Run this line of the file alone")
        ->positive();
    ace->add_option("--state", request->state, "Of a line: try this crash state alone")
        ->not_negative()
        ->needs("--line");
    ace->add_option("--seed", request->seed, "Seed of random crash states")
        ->capture_default_str();
    ace->add_flag("--ignore-flushes", request->ignore_flushes,
                  "A control: the disk ignores flushes, and lines must fail");
    ace->add_flag("--json", request->json, "A JSON object for each line, and one for all");
    ace->footer("A line passes if after every crash the file system mounts, checks clean, holds\n"
                "what fsync, fdatasync and sync promised, and takes new files.\n"
                "\nExamples:\n"
                "  ./chitin ace ace-seq1.txt                    every line, every crash state\n"
                "  ./chitin ace ace-seq1.txt --line 7 --json    one line\n"
                "  ./chitin ace ace-seq1.txt --ignore-flushes   does the check bite?\n"
                "\nExit codes: 0 all passed, 1 a line failed, 2 wrong usage or bad input.");
    ace->callback([request, &exit_code] { exit_code = run(*request); });
}

}  // namespace sim::cli
