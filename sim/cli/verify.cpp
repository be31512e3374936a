// chitin verify: one seed, one history. Runs a scenario in several ways that must not matter.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "kernel/abi/bundle.hpp"
#include "kernel/abi/types.hpp"
#include "sim/cli/build_tree.hpp"
#include "sim/cli/catalogue.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/exit_code.hpp"
#include "sim/cli/scenario_options.hpp"
#include "sim/host/file/temporary_folder.hpp"
#include "sim/host/process/command.hpp"
#include "sim/host/process/worker.hpp"
#include "sim/machine/clock/clock.hpp"
#include "sim/testbed/event_text.hpp"
#include "sim/testbed/record.hpp"

namespace sim::cli {

namespace {

namespace fs = std::filesystem;
using Events = std::vector<kernel::abi::Event>;

constexpr std::uint64_t other_base = 0x1800'0000'0000;
constexpr std::uint64_t third_base = 0x3000'0000'0000;
// Each core has a window behind the one before: over what AddressSanitizer has for itself, under
// where Linux puts programs.
constexpr std::uint64_t windows_bytes_max = kernel::abi::cores_max * kernel::abi::window_size;
static_assert(other_base > 0x1000'7fff'7fff && third_base + windows_bytes_max <= 0x5555'0000'0000);

struct Request {
    ScenarioOptions scenario;
    std::vector<std::string> builds{"debug", "asan"};
    bool no_build = false;
};

// A way of running that must not change the history. The host's own address-space layout is
// another one in every process.
struct Variant {
    std::string name;
    fs::path tool;
    std::uint64_t window_base = 0;
};

struct History {
    std::string hash;
    std::uint64_t events = 0;
    std::string name;
    std::string error;
};
using Histories = std::map<std::uint64_t, History>;

class Verification {
public:
    explicit Verification(const Request& request) : request_{request} {}

    int run();

private:
    void choose_variants();
    [[nodiscard]] std::vector<std::string> command(const Variant& variant) const;
    std::optional<Histories> histories(const Variant& variant);
    bool compare(const Variant& variant, const Histories& other);
    void show_divergence(const Variant& variant, std::uint64_t cell);
    std::optional<Events> events(const Variant& variant, std::uint64_t cell);

    const Request& request_;
    BuildTree tree_ = find_build_tree();
    std::vector<Variant> variants_;
    Histories first_;
};

void Verification::choose_variants() {
    const std::string own = tree_.preset.empty() ? "this" : tree_.preset;
    const fs::path tool = host::process::own_path();
    variants_.push_back({own + " build", tool, 0});
    variants_.push_back({own + " build, again", tool, 0});
    // ThreadSanitizer leaves one place for the window.
    if (own != "tsan") {
        for (const std::uint64_t base : {other_base, third_base}) {
            variants_.push_back({fmt::format("{} build, window at {:#x}", own, base), tool, base});
        }
    }
    for (const std::string& preset : request_.builds) {
        if (preset == own || preset.empty()) continue;
        if (machine::counts_instructions() || preset == "instr") {
            fmt::print(stderr,
                       "chitin verify: {}: not compared: where instructions are counted each build "
                       "has a history of its own (./chitin --preset instr verify)\n",
                       preset);
            continue;
        }
        const bool there = fs::exists(tree_.tool(preset));
        const bool built = request_.no_build ? there : build_preset(tree_, preset);
        if (built) {
            variants_.push_back({preset + " build", tree_.tool(preset), 0});
        } else {
            fmt::print(stderr, "chitin verify: the {} build is not there: not compared\n",
                       preset);
        }
    }
}

std::vector<std::string> Verification::command(const Variant& variant) const {
    std::vector<std::string> all{variant.tool.string(), "histories"};
    const std::vector<std::string> own = as_arguments(request_.scenario);
    all.insert(all.end(), own.begin(), own.end());
    if (variant.window_base != 0) {
        all.insert(all.end(), {"--window-base", std::to_string(variant.window_base)});
    }
    return all;
}

std::optional<Histories> Verification::histories(const Variant& variant) {
    host::process::CommandEnd end;
    const auto output = host::process::output_of(command(variant), end);
    if (!output || end.status != 0) {
        fmt::print(stderr, "chitin verify: {}: cannot run: {}\n", variant.name,
                   output ? fmt::format("exit status {}", end.status) : output.error());
        return std::nullopt;
    }
    Histories all;
    std::istringstream lines{*output};
    for (std::string line; std::getline(lines, line);) {
        const testbed::Json json = testbed::Json::parse(line, nullptr, false);
        if (!json.is_object() || !json.contains("event_hash")) continue;
        all[json["cell"].get<std::uint64_t>()] = {
            json["event_hash"].get<std::string>(), json["trace_events"].get<std::uint64_t>(),
            json["name"].get<std::string>(), json["error"].get<std::string>()};
    }
    return all;
}

// Compares with the first variant; shows the first cell that differs.
bool Verification::compare(const Variant& variant, const Histories& other) {
    for (const auto& [cell, history] : first_) {
        const auto found = other.find(cell);
        if (found != other.end() && found->second.hash == history.hash &&
            found->second.error == history.error) {
            continue;
        }
        if (found == other.end()) {
            fmt::print("{}: cell {} ({}) gave no result\n", variant.name, cell, history.name);
            return false;
        }
        fmt::print("{}: cell {} ({}) differs: {} ({} events), expected {} ({} events)\n",
                   variant.name, cell, history.name, found->second.hash, found->second.events,
                   history.hash, history.events);
        if (!found->second.error.empty()) fmt::print("    {}\n", found->second.error);
        show_divergence(variant, cell);
        return false;
    }
    return true;
}

std::optional<Events> Verification::events(const Variant& variant, std::uint64_t cell) {
    const host::file::TemporaryFolder folder;
    if (!folder.valid()) {
        fmt::print("    cannot make a temporary folder for its events\n");
        return std::nullopt;
    }
    const std::string file = folder.file("events");
    std::vector<std::string> all = command(variant);
    all.insert(all.end(), {"--cell", std::to_string(cell), "--events", file});
    host::process::CommandEnd end;
    const auto output = host::process::output_of(all, end);
    Events events;
    std::ifstream in{file, std::ios::binary};
    for (kernel::abi::Event event;
         in.read(reinterpret_cast<char*>(&event), sizeof event);) {
        events.push_back(event);
    }
    if (!output || end.status != 0) return std::nullopt;
    return events;
}

void Verification::show_divergence(const Variant& variant, std::uint64_t cell) {
    const auto left = events(variants_.front(), cell);
    const auto right = events(variant, cell);
    if (!left || !right) return;
    if (const auto at = testbed::first_difference(*left, *right, true)) {
        fmt::print("{}", testbed::divergence_text(*left, *right, *at, "first", "this"));
    } else {
        fmt::print("    run again with every event kept, both histories are the same: the "
                   "difference does not come every time\n");
    }
}

int Verification::run() {
    if (!load_scenario(request_.scenario, make_catalogue())) return exit_usage;
    choose_variants();
    const host::process::Interrupt interrupt;
    bool good = true;
    std::uint64_t events = 0;
    for (const Variant& variant : variants_) {
        if (host::process::Interrupt::seen()) return exit_interrupted;
        const auto all = histories(variant);
        if (!all) {
            good = false;
            continue;
        }
        if (first_.empty()) {
            first_ = *all;
            for (const auto& [cell, history] : first_) {
                events += history.events;
                if (history.error.empty()) continue;
                fmt::print("cell {} ({}) failed: {}\n", cell, history.name, history.error);
                good = false;
            }
            fmt::print("{}: {} cells, {} events\n", variant.name, first_.size(), events);
        } else if (compare(variant, *all)) {
            fmt::print("{}: identical\n", variant.name);
        } else {
            good = false;
        }
        std::fflush(stdout);
    }
    fmt::print("{}: {} cells, {} events, {} runs\n", good ? "verified" : "NOT verified",
               first_.size(), events, variants_.size());
    return good ? exit_ok : exit_failed;
}

}  // namespace

void add_verify(Command& app, int& exit_code) {
    auto request = std::make_shared<Request>();
    Command* const command = app.add_subcommand(
        "verify", "Run a scenario in several ways and compare every cell's history");
    add_scenario_options(*command, request->scenario);
    command->add_option("--builds", request->builds,
                        "Builds to compare with this one, separated by commas")
        ->delimiter(',')
        ->capture_default_str();
    command->add_flag("--no-build", request->no_build, "Compare with builds that are there only");
    command->footer("One seed gives one history, whatever the address-space layout, the window's\n"
                    "place and the build type. The first event that differs is shown.\n\n"
                    "Examples:\n"
                    "  chitin verify scenarios/cow.toml\n"
                    "  chitin verify scenarios/paging.toml --set policy=arc --builds debug");
    command->callback([request, &exit_code] { exit_code = Verification{*request}.run(); });
}

}  // namespace sim::cli
