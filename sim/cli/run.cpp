// chitin run: a scenario on the hosted machine.
#include <memory>

#include <fmt/format.h>

#include "sim/cli/catalogue.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/exit_code.hpp"
#include "sim/cli/hosted_cells.hpp"
#include "sim/cli/session.hpp"

namespace sim::cli {

namespace {

struct Request {
    ScenarioOptions scenario;
    SessionOptions session;
};

int run(const Request& request) {
    const auto scenario = load_scenario(request.scenario, make_catalogue());
    if (!scenario) return exit_usage;
    auto session = Session::open(*scenario, request.scenario, request.session);
    if (!session) return exit_usage;
    const auto ended = run_hosted_cells(
        *scenario, session->todo(), {.parallel = request.scenario.parallel(), .keep_disks = true},
        [&session](const engine::CellResult& result) { session->take(result); });
    if (!ended) {
        fmt::print(stderr, "chitin: {}\n", ended.error());
        return exit_failed;
    }
    return session->finish(*ended == HostedEnd::interrupted);
}

}  // namespace

void add_run(Command& app, int& exit_code) {
    auto request = std::make_shared<Request>();
    Command* const command = app.add_subcommand("run", "Run a scenario on the hosted machine");
    add_scenario_options(*command, request->scenario);
    command->add_option("-o,--output", request->session.output,
                        "Results folder; default: results/DATE-NAME");
    command->add_option("--resume", request->session.resume,
                        "Go on in this results folder: cells with a good result are not run again")
        ->excludes("--output");
    command->footer("Examples:\n"
                    "  chitin run scenarios/hello.toml\n"
                    "  chitin run scenarios/paging.toml --set policy=lru,arc --set frames=10%\n"
                    "  chitin run scenarios/cores.toml --set machine.cores=2,8\n"
                    "  chitin run scenarios/paging.toml --json | jq .trace_hash\n"
                    "  chitin run scenarios/paging.toml --resume results/2026-11-21-101500-paging");
    command->callback([request, &exit_code] { exit_code = run(*request); });
}

}  // namespace sim::cli
