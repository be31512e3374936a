#include "sim/testbed/draft.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace sim::testbed {

namespace {

using libos::rt::Declaration;
using libos::rt::Parameter;
using libos::rt::ParameterKind;

constexpr std::int64_t integer_max = std::numeric_limits<std::int64_t>::max();
constexpr std::uint32_t default_pool_frames = 16384;  // 64 MiB
constexpr std::uint64_t default_slice_ns = 1'000'000;
constexpr std::size_t name_bytes_max = sizeof(kernel::abi::EnvRecord::name) - 1;
constexpr std::size_t count_suffix_bytes = 4;
constexpr std::size_t core_suffix_bytes = 3;  // "@63"

struct Cost {
    std::string_view name;
    std::uint32_t kernel::abi::CostProfile::* field;
};
constexpr Cost cost_fields[] = {
    {"call", &kernel::abi::CostProfile::call},
    {"fault", &kernel::abi::CostProfile::fault},
    {"upcall", &kernel::abi::CostProfile::upcall},
    {"map", &kernel::abi::CostProfile::map},
    {"invalidate", &kernel::abi::CostProfile::invalidate},
    {"zero_frame", &kernel::abi::CostProfile::zero_frame},
    {"env_switch", &kernel::abi::CostProfile::env_switch},
    {"capability", &kernel::abi::CostProfile::capability},
    {"message", &kernel::abi::CostProfile::message},
    {"latency", &kernel::abi::CostProfile::latency},
};

class DraftReader {
public:
    DraftReader(const Catalogue& catalogue, const TomlView& view)
        : catalogue_{catalogue}, view_{view} {}

    Draft read(const toml::table& root);

private:
    void read_machine(const toml::table& root, Draft& draft);
    void read_costs(const toml::node& node, Machine& machine);
    void read_root(const toml::table& root, Draft& draft);
    void read_environments(const toml::table& root, Draft& draft);
    EnvironmentDraft read_environment(const toml::table& table);
    void read_name(const toml::table& table, std::string_view program,
                   EnvironmentDraft& environment);
    void read_placement(const toml::table& table, EnvironmentDraft& environment);
    void read_limits(const toml::table& table, EnvironmentDraft& environment);
    void read_arguments(const toml::table& table, EnvironmentDraft& environment);
    const Declaration* find_program(const toml::node& node, std::string_view name);
    void read_sweep(const toml::table& root, Draft& draft);
    void read_axis(const toml::key& key, const toml::node& node, Draft& draft);
    void expand_all(const toml::key& key, const toml::node& node, const Draft& draft, Axis& axis);
    std::vector<std::string> read_columns(const toml::table& table, std::string_view key);
    PlotRequest read_plot(const toml::table& table);
    Arguments read_where(const toml::table& table);
    void read_report(const toml::table& root, Draft& draft);
    void read_expectations(const toml::table& root, Draft& draft);
    Expectation read_expectation(const toml::table& table);

    const Catalogue& catalogue_;
    const TomlView& view_;
};

Draft DraftReader::read(const toml::table& root) {
    Draft draft;
    view_.check_keys(root, "the scenario",
                     {"title", "root", "machine", "disk", "environments", "sweep", "report",
                      "expect"});
    draft.title = view_.text(root, "title").value_or("");
    read_machine(root, draft);
    read_disks(root, catalogue_, view_, draft);
    read_environments(root, draft);
    read_root(root, draft);
    read_sweep(root, draft);
    read_report(root, draft);
    read_expectations(root, draft);
    return draft;
}

void DraftReader::read_machine(const toml::table& root, Draft& draft) {
    Machine& machine = draft.machine;
    machine.pool_frames = default_pool_frames;
    machine.slice_ns = default_slice_ns;
    machine.seed = 1;
    if (const auto* profile = catalogue_.profile("default")) machine.costs = profile->costs;
    draft.machine_place = view_.place(root);
    const toml::table* const table = view_.table(root, "machine");
    if (table == nullptr) return;
    draft.machine_place = view_.place(*table);
    view_.check_keys(*table, "[machine]", {"memory", "cores", "slice", "costs", "seed"});
    if (const toml::node* node = table->get("memory")) {
        draft.machine_place = view_.place(*node);
        machine.pool_frames = view_.frames(*node, "memory", kernel::abi::pool_frames_min,
                                           kernel::abi::pool_frames_max)
                                  .value_or(default_pool_frames);
    }
    if (const toml::node* node = table->get("slice")) {
        machine.slice_ns = view_.duration(*node, "slice").value_or(default_slice_ns);
    }
    machine.cores = static_cast<std::uint32_t>(
        view_.integer(*table, "cores", 1, kernel::abi::cores_max).value_or(1));
    if (const toml::node* node = table->get("cores")) draft.cores_place = view_.place(*node);
    machine.seed =
        static_cast<std::uint64_t>(view_.integer(*table, "seed", 0, integer_max).value_or(1));
    if (const toml::node* node = table->get("costs")) read_costs(*node, machine);
}

void DraftReader::read_costs(const toml::node& node, Machine& machine) {
    if (const auto* const name = node.as_string()) {
        if (const auto* const profile = catalogue_.profile(name->get())) {
            machine.costs = profile->costs;
            return;
        }
        std::vector<std::string_view> names;
        for (const auto& profile : catalogue_.profiles) names.push_back(profile.name);
        view_.error(node, fmt::format("unknown cost profile \"{}\"{}", name->get(),
                                      suggestion(name->get(), names)));
        return;
    }
    const toml::table* const table = node.as_table();
    if (table == nullptr) {
        view_.wrong_type(node, "costs", "a profile's name or a table of nanoseconds");
        return;
    }
    view_.check_keys(*table, "[machine.costs]",
                     {"call", "fault", "upcall", "map", "invalidate", "zero_frame", "env_switch",
                      "capability", "message", "latency"});
    for (const Cost& cost : cost_fields) {
        constexpr std::int64_t cost_max = 1'000'000'000;
        if (const auto value = view_.integer(*table, cost.name, 0, cost_max)) {
            machine.costs.*cost.field = static_cast<std::uint32_t>(*value);
        }
    }
}

const Declaration* DraftReader::find_program(const toml::node& node, std::string_view name) {
    if (const Declaration* const found = catalogue_.program(name)) return found;
    std::vector<std::string_view> names;
    for (const Declaration* each : catalogue_.programs) names.push_back(each->name);
    view_.error(node, fmt::format("there is no program \"{}\"{}", name, suggestion(name, names)));
    return nullptr;
}

void DraftReader::read_limits(const toml::table& table, EnvironmentDraft& environment) {
    constexpr std::uint64_t frames_max = kernel::abi::pool_frames_max;
    if (const toml::node* node = table.get("limit")) {
        environment.limit_frames = view_.frames(*node, "limit", 1, frames_max).value_or(0);
    }
    const toml::node* const guarantee = table.get("guarantee");
    if (guarantee == nullptr) return;
    environment.guarantee_frames = view_.frames(*guarantee, "guarantee", 0, frames_max).value_or(0);
    if (environment.limit_frames != 0 &&
        environment.guarantee_frames > environment.limit_frames) {
        view_.error(*guarantee, fmt::format("impossible memory: guarantee of {} frames, expected "
                                            "at most the limit of {}",
                                            environment.guarantee_frames,
                                            environment.limit_frames));
    }
}

void DraftReader::read_arguments(const toml::table& table, EnvironmentDraft& environment) {
    const toml::table* const arguments = view_.table(table, "args");
    if (arguments == nullptr || environment.program == nullptr) return;
    std::vector<std::string_view> names;
    for (const Parameter& each : environment.program->parameters) names.push_back(each.name);
    for (const auto& [key, node] : *arguments) {
        if (std::ranges::find(names, key.str()) == names.end()) {
            view_.error_at(view_.place(key.source()),
                           fmt::format("program \"{}\" has no argument \"{}\"{}",
                                       environment.program->name, key.str(),
                                       suggestion(key.str(), names)));
            continue;
        }
        if (const auto text = scalar_text(node)) {
            environment.arguments[std::string{key.str()}] = {*text, node.type(),
                                                             view_.place(node)};
        } else {
            view_.wrong_type(node, key.str(), "one value (several are an axis of [sweep])");
        }
    }
}

void DraftReader::read_placement(const toml::table& table, EnvironmentDraft& environment) {
    const toml::node* const node = table.get("core");
    if (node == nullptr) return;
    Placement& placement = environment.placement;
    placement.place = view_.place(*node);
    if (node->is_integer()) {
        placement.core = static_cast<std::uint32_t>(
            view_.integer(table, "core", 0, kernel::abi::cores_max - 1).value_or(0));
        return;
    }
    constexpr std::string_view expected = "a core's number, \"others\" (than core 0) or \"all\"";
    const auto* const text = node->as_string();
    if (text == nullptr) return view_.wrong_type(*node, "core", expected);
    if (text->get() == "others") {
        placement.kind = Placement::Kind::others;
    } else if (text->get() == "all") {
        placement.kind = Placement::Kind::all;
    } else {
        view_.error(*node, fmt::format("\"core\" is \"{}\", expected {}", text->get(), expected));
    }
}

void DraftReader::read_name(const toml::table& table, std::string_view program,
                            EnvironmentDraft& environment) {
    environment.name = view_.text(table, "name").value_or(std::string{program});
    const bool named = std::ranges::all_of(environment.name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
    const std::size_t suffix =
        count_suffix_bytes + (environment.placement.replicates() ? core_suffix_bytes : 0);
    if (named && environment.name.size() + suffix <= name_bytes_max) return;
    const toml::node* const node = table.get("name");
    view_.error(node != nullptr ? *node : table,
                fmt::format("\"{}\" is no name, expected at most {} of a-z 0-9 _ -",
                            environment.name, name_bytes_max - suffix));
}

EnvironmentDraft DraftReader::read_environment(const toml::table& table) {
    EnvironmentDraft environment;
    environment.place = view_.place(table);
    view_.check_keys(table, "the environment",
                     {"name", "program", "limit", "guarantee", "count", "core", "args"});
    const auto program = view_.text(table, "program");
    if (program) {
        environment.program = find_program(*table.get("program"), *program);
    } else if (table.get("program") == nullptr) {
        view_.error(table, "an environment without \"program\", expected a program's name");
    }
    read_placement(table, environment);
    read_name(table, program.value_or(""), environment);
    read_limits(table, environment);
    environment.count = static_cast<std::uint32_t>(
        view_.integer(table, "count", 1, kernel::abi::cell_envs_max - 1).value_or(1));
    read_arguments(table, environment);
    return environment;
}

void DraftReader::read_environments(const toml::table& root, Draft& draft) {
    const toml::array* const list = view_.array(root, "environments");
    if (list == nullptr) return;
    for (const toml::node& node : *list) {
        const toml::table* const table = node.as_table();
        if (table == nullptr) {
            view_.wrong_type(node, "environments", "[[environments]] tables");
            continue;
        }
        EnvironmentDraft environment = read_environment(*table);
        const bool taken = std::ranges::any_of(draft.environments, [&](const auto& other) {
            return !environment.name.empty() && other.name == environment.name;
        });
        if (taken) {
            view_.error(*table, fmt::format("a second environment called \"{}\", expected "
                                            "another \"name\" (or \"count\")",
                                            environment.name));
        }
        draft.environments.push_back(std::move(environment));
    }
}

void DraftReader::read_root(const toml::table& root, Draft& draft) {
    const toml::node* const node = root.get("root");
    if (node != nullptr && node->is_table()) {
        draft.root = read_environment(*node->as_table());
    } else if (node != nullptr && !node->is_string()) {
        view_.wrong_type(*node, "root", "a program's name or a table");
    } else {
        const std::string name = view_.text(root, "root").value_or("init");
        draft.root.name = name;
        draft.root.place = node != nullptr ? view_.place(*node) : view_.place(root);
        draft.root.program = find_program(node != nullptr ? *node : root, name);
    }
    draft.root.count = 1;
    Placement& where = draft.root.placement;
    if (where.kind == Placement::Kind::others || where.core != 0) {
        view_.error_at(where.place, "core 0 has no root environment, expected \"core\" of \"root\" "
                                    "to be 0 or \"all\"");
        where = {};
    }
    const bool alone = draft.environments.empty() && node == nullptr;
    if (alone) {
        view_.error(root, "nothing to run, expected [[environments]] or \"root\"");
    }
}

// "all": every policy, or every choice of the argument that the axis sets.
void DraftReader::expand_all(const toml::key& key, const toml::node& node, const Draft& draft,
                             Axis& axis) {
    const std::string_view argument = key.str().substr(key.str().find('.') + 1);
    auto add = [&](std::string_view text) {
        axis.values.push_back({std::string{text}, toml::node_type::string, view_.place(node)});
    };
    auto from = [&](const EnvironmentDraft& environment) {
        if (environment.program == nullptr || !axis.values.empty()) return;
        for (const Parameter& parameter : environment.program->parameters) {
            if (parameter.name != argument) continue;
            if (parameter.kind == ParameterKind::policy) {
                std::ranges::for_each(catalogue_.policies, add);
            } else if (parameter.kind == ParameterKind::choice) {
                std::string_view rest = parameter.choices;
                while (!rest.empty()) {
                    const std::size_t end = std::min(rest.find(' '), rest.size());
                    if (end > 0) add(rest.substr(0, end));
                    rest.remove_prefix(std::min(end + 1, rest.size()));
                }
            }
        }
    };
    std::ranges::for_each(draft.environments, from);
    from(draft.root);
}

void DraftReader::read_axis(const toml::key& key, const toml::node& node, Draft& draft) {
    Axis axis{.name = std::string{key.str()}, .place = view_.place(key.source()), .values = {}};
    if (const toml::array* const list = node.as_array()) {
        for (const toml::node& each : *list) {
            if (const auto text = scalar_text(each)) {
                axis.values.push_back({*text, each.type(), view_.place(each)});
            } else {
                view_.wrong_type(each, key.str(), "numbers, text or booleans");
            }
        }
        if (list->empty()) view_.error(node, "an axis without values, expected at least one");
    } else if (const auto text = scalar_text(node)) {
        if (*text == "all") expand_all(key, node, draft, axis);
        if (axis.values.empty()) axis.values.push_back({*text, node.type(), view_.place(node)});
    } else {
        view_.wrong_type(node, key.str(), "an array of values");
    }
    for (std::size_t i = 1; i < axis.values.size(); ++i) {
        const auto before = std::span{axis.values}.first(i);
        if (std::ranges::find(before, axis.values[i].text, &Value::text) != before.end()) {
            view_.error_at(axis.values[i].place,
                           fmt::format("\"{}\" stands twice on the axis \"{}\", expected once",
                                       axis.values[i].text, axis.name));
        }
    }
    if (std::ranges::find(draft.axes, axis.name, &Axis::name) != draft.axes.end()) {
        view_.error_at(axis.place,
                       fmt::format("the axis \"{}\" stands twice, expected once", axis.name));
    }
    draft.axes.push_back(std::move(axis));
}

void DraftReader::read_sweep(const toml::table& root, Draft& draft) {
    const toml::table* const sweep = view_.table(root, "sweep");
    if (sweep == nullptr) return;
    for (const auto& [key, node] : *sweep) {
        // `sweep.a.frames` names one environment's argument.
        if (const toml::table* const inner = node.as_table()) {
            for (const auto& [argument, value] : *inner) {
                const std::string name = fmt::format("{}.{}", key.str(), argument.str());
                read_axis(toml::key{name, toml::source_region{argument.source()}}, value, draft);
            }
        } else {
            read_axis(key, node, draft);
        }
    }
}

void DraftReader::read_report(const toml::table& root, Draft& draft) {
    const toml::table* const report = view_.table(root, "report");
    if (report == nullptr) return;
    view_.check_keys(*report, "[report]", {"columns", "plot"});
    draft.columns = read_columns(*report, "columns");
    const toml::array* const plots = view_.array(*report, "plot");
    if (plots == nullptr) return;
    for (const toml::node& node : *plots) {
        if (const toml::table* const table = node.as_table()) {
            draft.plots.push_back(read_plot(*table));
        } else {
            view_.wrong_type(node, "plot", "[[report.plot]] tables");
        }
    }
}

std::vector<std::string> DraftReader::read_columns(const toml::table& table,
                                                   std::string_view key) {
    std::vector<std::string> names;
    const toml::array* const columns = view_.array(table, key);
    if (columns == nullptr) return names;
    for (const toml::node& node : *columns) {
        if (const auto* const text = node.as_string()) {
            names.push_back(text->get());
        } else {
            view_.wrong_type(node, key, "names of result columns");
        }
    }
    return names;
}

PlotRequest DraftReader::read_plot(const toml::table& table) {
    PlotRequest plot{.place = view_.place(table)};
    view_.check_keys(table, "[[report.plot]]",
                     {"title", "x", "y", "line", "beside", "where", "x_label", "y_label", "divide",
                      "log_y"});
    const auto text = [&](std::string_view key) { return view_.text(table, key).value_or(""); };
    plot.x = text("x");
    plot.y = text("y");
    plot.line = text("line");
    plot.title = text("title");
    plot.x_label = text("x_label");
    plot.y_label = text("y_label");
    plot.beside = read_columns(table, "beside");
    plot.where = read_where(table);
    plot.divide = view_.number(table, "divide").value_or(1);
    if (const toml::node* const node = table.get("log_y")) {
        if (!node->is_boolean()) view_.wrong_type(*node, "log_y", "true or false");
        plot.log_y = node->value_or(false);
    }
    if (plot.x.empty() || plot.y.empty()) {
        view_.error(table, "a plot of nothing, expected \"x\" and \"y\": result columns");
    }
    if (!(plot.divide > 0)) view_.error(table, "\"divide\" is not positive");
    return plot;
}

// Values that select result lines.
Arguments DraftReader::read_where(const toml::table& table) {
    Arguments values;
    const toml::table* const where = view_.table(table, "where");
    if (where == nullptr) return values;
    for (const auto& [key, node] : *where) {
        if (const auto text = scalar_text(node)) {
            values.emplace_back(key.str(), *text);
        } else {
            view_.wrong_type(node, key.str(), "one value");
        }
    }
    return values;
}

Expectation DraftReader::read_expectation(const toml::table& table) {
    Expectation expectation;
    expectation.place = view_.place(table);
    view_.check_keys(table, "[[expect]]",
                     {"environment", "where", "column", "exit", "equals", "at_most", "at_least"});
    expectation.program_or_env = view_.text(table, "environment").value_or("");
    expectation.where = read_where(table);
    if (const auto code = view_.integer(table, "exit", 0, std::numeric_limits<int>::max())) {
        expectation.column = "exit";
        expectation.equals = std::to_string(*code);
        return expectation;
    }
    expectation.column = view_.text(table, "column").value_or("");
    if (const toml::node* const node = table.get("equals")) expectation.equals = scalar_text(*node);
    expectation.at_most = view_.number(table, "at_most");
    expectation.at_least = view_.number(table, "at_least");
    const bool compares = expectation.equals || expectation.at_most || expectation.at_least;
    if (table.get("exit") == nullptr && (expectation.column.empty() || !compares)) {
        view_.error(table, "an expectation of nothing, expected \"exit\", or \"column\" with "
                           "\"equals\", \"at_most\" or \"at_least\"");
    }
    return expectation;
}

void DraftReader::read_expectations(const toml::table& root, Draft& draft) {
    const toml::array* const list = view_.array(root, "expect");
    if (list == nullptr) return;
    for (const toml::node& node : *list) {
        if (const toml::table* const table = node.as_table()) {
            draft.expectations.push_back(read_expectation(*table));
        } else {
            view_.wrong_type(node, "expect", "[[expect]] tables");
        }
    }
}

}  // namespace

std::vector<std::uint32_t> Placement::cores(std::uint32_t count) const {
    if (kind == Kind::one) return {core};
    std::vector<std::uint32_t> all;
    for (std::uint32_t i = kind == Kind::all ? 0 : 1; i < count; ++i) all.push_back(i);
    return all;
}

Draft read_draft(const toml::table& root, const Catalogue& catalogue, const TomlView& view) {
    return DraftReader{catalogue, view}.read(root);
}

}  // namespace sim::testbed
