// chitin list: what scenarios can name.
#include <algorithm>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "libos/fs/choice/choices.hpp"
#include "libos/fs/log/clean/policies.hpp"
#include "libos/policy/list.hpp"
#include "libos/sched/list.hpp"
#include "sim/cli/build_tree.hpp"
#include "sim/cli/catalogue.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/exit_code.hpp"
#include "sim/testbed/record.hpp"

namespace sim::cli {

namespace {

namespace fs = std::filesystem;
using libos::rt::Parameter;
using libos::rt::ParameterKind;
using testbed::Json;

std::string_view kind_name(ParameterKind kind) {
    switch (kind) {
        case ParameterKind::integer: return "integer";
        case ParameterKind::text: return "text";
        case ParameterKind::boolean: return "boolean";
        case ParameterKind::choice: return "choice";
        case ParameterKind::policy: return "policy";
        case ParameterKind::trace: return "trace";
        case ParameterKind::requests: return "requests";
    }
    return "unknown";
}

Json programs(const testbed::Catalogue& catalogue) {
    Json all = Json::array();
    for (const auto* declaration : catalogue.programs) {
        Json arguments = Json::array();
        for (const Parameter& parameter : declaration->parameters) {
            Json argument{{"name", parameter.name},
                          {"kind", kind_name(parameter.kind)},
                          {"default", parameter.fallback},
                          {"required", parameter.fallback.empty()},
                          {"help", parameter.help}};
            if (parameter.kind == ParameterKind::choice) argument["choices"] = parameter.choices;
            arguments.push_back(std::move(argument));
        }
        all.push_back(Json{{"kind", "program"},
                           {"name", declaration->name},
                           {"summary", declaration->summary},
                           {"arguments", std::move(arguments)}});
    }
    return all;
}

Json policies() {
    Json all = Json::array();
    libos::policy::for_each_policy([&all](auto policy) {
        using P = typename decltype(policy)::type;
        all.push_back(Json{{"kind", "policy"},
                           {"name", P::name},
                           {"summary", P::summary},
                           {"paper", P::paper}});
    }, libos::policy::Policies{});
    return all;
}

Json schedulers() {
    Json all = Json::array();
    libos::sched::for_each_scheduler([&all](auto scheduler) {
        using S = typename decltype(scheduler)::type;
        all.push_back(Json{{"kind", "scheduler"},
                           {"name", S::name},
                           {"summary", S::summary},
                           {"paper", S::paper}});
    }, libos::sched::Schedulers{});
    return all;
}

Json cleaners() {
    Json all = Json::array();
    for (const auto& text : libos::fs::log::cleaning_texts) {
        all.push_back(Json{{"kind", "cleaner"},
                           {"name", text.name},
                           {"summary", text.summary},
                           {"paper", text.paper}});
    }
    return all;
}

// A family of libos/fs/choice.
template <class Family>
Json family(const char* kind) {
    Json all = Json::array();
    for (const auto& text : Family::texts) {
        all.push_back(Json{{"kind", kind},
                           {"name", text.name},
                           {"summary", text.summary},
                           {"paper", text.source}});
    }
    return all;
}

Json cost_profiles(const testbed::Catalogue& catalogue) {
    Json all = Json::array();
    for (const auto& profile : catalogue.profiles) {
        all.push_back(
            Json{{"kind", "costs"}, {"name", profile.name}, {"summary", profile.summary}});
    }
    return all;
}

Json disk_models(const testbed::Catalogue& catalogue) {
    Json all = Json::array();
    for (const auto& model : catalogue.disk_models) {
        all.push_back(Json{{"kind", "disk"}, {"name", model.name}, {"summary", model.summary}});
    }
    return all;
}

Json scenarios() {
    std::error_code ignored;
    fs::path folder = find_build_tree().root / "scenarios";
    if (fs::exists("scenarios", ignored)) folder = "scenarios";
    std::vector<std::string> paths;
    for (const auto& entry : fs::directory_iterator{folder, ignored}) {
        if (entry.path().extension() == ".toml") paths.push_back(entry.path().string());
    }
    std::ranges::sort(paths);
    Json all = Json::array();
    for (const std::string& path : paths) all.push_back(Json{{"kind", "scenario"}, {"name", path}});
    return all;
}

void print_section(std::string_view title, const Json& list) {
    fmt::print("{}\n", title);
    std::size_t widest = 0;
    for (const Json& each : list) {
        widest = std::max(widest, each["name"].get_ref<const std::string&>().size());
    }
    for (const Json& each : list) {
        const std::string line = fmt::format(
            "  {:<{}}  {}", each["name"].get<std::string>(), widest,
            each.value("summary", std::string{}));
        fmt::print("{}\n", line.substr(0, line.find_last_not_of(' ') + 1));
        if (each.contains("paper")) {
            fmt::print("  {:<{}}    {}\n", "", widest, each["paper"].get<std::string>());
        }
        if (!each.contains("arguments")) continue;
        for (const Json& argument : each["arguments"]) {
            const std::string fallback = argument["required"].get<bool>()
                                             ? "required"
                                             : "default " + argument["default"].get<std::string>();
            const std::string choices =
                argument.contains("choices") ? ": " + argument["choices"].get<std::string>() : "";
            fmt::print("  {:<{}}    {} ({}{}; {}): {}\n", "", widest,
                       argument["name"].get<std::string>(), argument["kind"].get<std::string>(),
                       choices, fallback, argument["help"].get<std::string>());
        }
    }
    fmt::print("\n");
}

int run(bool json) {
    const testbed::Catalogue catalogue = make_catalogue();
    const std::pair<std::string_view, Json> sections[] = {
        {"Scenarios", scenarios()},
        {"Programs, with their arguments", programs(catalogue)},
        {"Replacement policies, with their papers", policies()},
        {"CPU schedulers, with their papers", schedulers()},
        {"Cleaners of the log-structured file system, with their papers", cleaners()},
        {"Write-back of block caches, with its papers",
         family<libos::fs::choice::WriteBacks>("write-back")},
        {"Read-ahead, with its papers", family<libos::fs::choice::ReadAheads>("read-ahead")},
        {"Allocation of blocks, with its papers",
         family<libos::fs::choice::Allocations>("allocation")},
        {"Cost profiles", cost_profiles(catalogue)},
        {"Disk models", disk_models(catalogue)}};
    for (const auto& [title, list] : sections) {
        if (!json) {
            print_section(title, list);
            continue;
        }
        for (const Json& each : list) fmt::print("{}\n", testbed::to_line(each));
    }
    return exit_ok;
}

}  // namespace

void add_list(Command& app, int& exit_code) {
    auto json = std::make_shared<bool>(false);
    Command* const command = app.add_subcommand(
        "list", "List scenarios, programs, policies of all families, costs and disks");
    command->add_flag("--json", *json, "One JSON object a line");
    command->footer("Examples:\n  chitin list\n  chitin list --json | jq -r .name");
    command->callback([json, &exit_code] { exit_code = run(*json); });
}

}  // namespace sim::cli
