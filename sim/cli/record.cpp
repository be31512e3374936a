// chitin record: any program's page references, through valgrind's lackey.
#include <cstdint>
#include <memory>

#include <fmt/format.h>

#include "sim/cli/command.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/exit_code.hpp"
#include "sim/host/process/command.hpp"
#include "sim/host/process/worker.hpp"
#include "sim/testbed/recorder.hpp"
#include "sim/testbed/trace/oracle_general.hpp"

namespace sim::cli {

namespace {

struct Request {
    std::string output;
    testbed::Recorder::Options options;
    std::vector<std::string> command;
};

int report(const Request& request, const testbed::Recorder& recorder,
           const host::process::CommandEnd& end, testbed::trace::Trace trace) {
    if (trace.page.empty()) {
        fmt::print(stderr, "chitin record: nothing was recorded ({} references, {} skipped)\n",
                   recorder.references(),
                   request.options.skip);
        return exit_failed;
    }
    constexpr std::uint32_t page_bytes = 4096;
    const auto written =
        testbed::trace::write_oracle_general_zst(request.output, trace, page_bytes);
    if (!written) {
        fmt::print(stderr, "chitin record: {}\n", written.error().message);
        return exit_failed;
    }
    fmt::print("{}: {} references to {} pages ({} accesses seen)\n", request.output,
               trace.references(), trace.pages(), recorder.accesses());
    if (end.stopped) {
        fmt::print("the command was ended once enough was recorded\n");
    } else {
        fmt::print("the command's exit status: {}\n", end.status);
    }
    return exit_ok;
}

int record(const Request& request) {
    if (host::process::find_program("valgrind").empty()) {
        fmt::print(stderr, "chitin record: valgrind is missing; install it with: "
                           "apt-get install valgrind\n");
        return exit_usage;
    }
    if (host::process::find_program(request.command.at(0)).empty()) {
        fmt::print(stderr, "chitin record: {}: no such program\n", request.command.at(0));
        return exit_usage;
    }
    testbed::Recorder recorder{request.options};
    std::vector<std::string> all{"valgrind", "--tool=lackey", "--trace-mem=yes",
                                 "--log-fd={fd}", "--trace-children=no"};
    all.insert(all.end(), request.command.begin(), request.command.end());
    const host::process::Interrupt interrupt;
    const auto end = host::process::run_with_pipe(
        all, [&recorder](std::span<const char> text) { return recorder.feed(text); });
    if (!end) {
        fmt::print(stderr, "chitin record: {}\n", end.error());
        return exit_failed;
    }
    const int code = report(request, recorder, *end, recorder.finish());
    return host::process::Interrupt::seen() ? exit_interrupted : code;
}

}  // namespace

void add_record(Command& app, int& exit_code) {
    auto request = std::make_shared<Request>();
    Command* const command =
        app.add_subcommand("record", "Record a program's page references as a trace");
    command->add_option("-o,--output", request->output, "Trace to write (.oracleGeneral.zst)")
        ->required();
    command->add_option("--skip", request->options.skip,
                        "Leave out that many references at the start");
    command->add_option("-n,--max-references", request->options.references_max,
                        "End the command after that many references; 0: let it end");
    command->add_option("--filter", request->options.filter,
                        "An access is a reference if its page is not among that many last ones")
        ->in(std::size_t{1}, testbed::Recorder::filter_max)
        ->capture_default_str();
    command->add_option("command", request->command, "The command and its arguments, after --")
        ->required();
    command->footer(
        "A reference is a change of page: consecutive accesses to one 4 KiB page, instruction\n"
        "fetches included, are one reference; it is a write if any of them wrote. --filter 16\n"
        "keeps only what a TLB of 16 pages would miss, for longer runs. The programs that the\n"
        "command starts are not followed.\n\n"
        "Examples:\n"
        "  chitin record -o sort.oracleGeneral.zst -- sort /usr/share/dict/words\n"
        "  chitin record -o ls.oracleGeneral.zst --filter 16 -n 40000 -- ls -lR /usr");
    command->callback([request, &exit_code] { exit_code = record(*request); });
}

}  // namespace sim::cli
