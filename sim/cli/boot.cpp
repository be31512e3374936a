// chitin boot: a scenario on the bare machine, in QEMU, or as an ISO.
#include <memory>
#include <numeric>

#include <fmt/format.h>

#include "sim/cli/bare_cells.hpp"
#include "sim/cli/build_tree.hpp"
#include "sim/cli/catalogue.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/exit_code.hpp"
#include "sim/cli/machine_check.hpp"
#include "sim/cli/session.hpp"
#include "sim/testbed/boot/iso.hpp"
#include "sim/testbed/disks/cell_disks.hpp"

namespace sim::cli {

namespace {

using testbed::disks::Keeping;

struct Request {
    ScenarioOptions scenario;
    SessionOptions session;
    testbed::boot::BareOptions bare;
    std::string iso;
    std::string from;
    bool check = false;
};

int write_iso(const testbed::Scenario& scenario, const Request& request) {
    std::vector<std::uint32_t> all(scenario.cells.size());
    std::iota(all.begin(), all.end(), 0u);
    const auto bundle = make_bare_bundle(scenario, all, false);
    const std::string image = (find_build_tree().image() / "image" / "chitin.elf").string();
    const auto written = bundle ? testbed::boot::make_iso(image, *bundle, request.iso)
                                : std::expected<void, std::string>{
                                      std::unexpected(bundle.error())};
    if (!written) {
        fmt::print(stderr, "chitin boot: {}\n", written.error());
        return exit_failed;
    }
    fmt::print(request.scenario.json ? stderr : stdout,
               "{}: boots under BIOS and UEFI; in QEMU: qemu-system-x86_64 -m 1G -serial stdio "
               "-cdrom {}\n", request.iso, request.iso);
    return exit_ok;
}

int boot(const Request& request) {
    const std::string& from = request.from;
    if (!from.empty() && from != "cd" && from != "virtio" && from != "nvme") {
        fmt::print(stderr, "chitin boot: --from {}: expected cd, virtio or nvme\n", from);
        return exit_usage;
    }
    const auto scenario = load_scenario(request.scenario, make_catalogue());
    if (!scenario) return exit_usage;
    if (!request.iso.empty()) return write_iso(*scenario, request);
    auto session = Session::open(*scenario, request.scenario, request.session);
    if (!session) return exit_usage;
    std::vector<engine::CellResult> results;
    testbed::boot::BareOptions bare = request.bare;
    bare.jobs = request.scenario.parallel();
    bare.iso_device = request.from;
    // A comparison wants the files as they were.
    bare.disks = bare_disks(scenario->cells.front().machine,
                            request.check ? Keeping::never : Keeping::as_said);
    const auto ended = run_bare_cells(*scenario, session->todo(), false, bare,
                                      [&](const engine::CellResult& result) {
                                          session->take(result);
                                          results.push_back(result);
                                      });
    if (!ended) {
        fmt::print(stderr, "chitin boot: {}\n", ended.error());
        return exit_failed;
    }
    const int code = session->finish(*ended == HostedEnd::interrupted);
    if (!request.check || code == exit_interrupted) return code;
    const int checked = check_machines(*scenario, request.scenario, results, bare);
    return checked != exit_ok ? checked : code;
}

}  // namespace

void add_boot(Command& app, int& exit_code) {
    auto request = std::make_shared<Request>();
    request->session.machine = "bare";
    Command* const command =
        app.add_subcommand("boot", "Run a scenario on the bare machine, in QEMU");
    add_scenario_options(*command, request->scenario);
    command->add_option("-o,--output", request->session.output,
                        "Results folder; default: results/DATE-NAME");
    command->add_flag("--check", request->check,
                      "Compare each environment's history with the hosted machine's");
    command->add_option("--iso", request->iso, "Write an ISO with this scenario instead");
    command->add_option("--from", request->from,
                        "Have the firmware boot it: from cd, or a disk on virtio or nvme");
    command->add_option("--cpu", request->bare.cpu, "QEMU's CPU model")->capture_default_str();
    command->add_option("--serial-log", request->bare.log, "Append the serial lines to this file");
    command->footer("Examples:\n"
                    "  chitin boot scenarios/hello.toml\n"
                    "  chitin boot scenarios/squeeze.toml --check\n"
                    "  chitin boot scenarios/hello.toml --from nvme\n"
                    "  chitin boot scenarios/paging.toml --iso paging.iso\n"
                    "An ISO written to a disk boots from there too.");
    command->callback([request, &exit_code] { exit_code = boot(*request); });
}

}  // namespace sim::cli
