// From a draft to cells: every combination of axis values, with every argument checked.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "kernel/abi/info.hpp"
#include "sim/testbed/draft.hpp"
#include "sim/testbed/trace_store.hpp"
#include "sim/testbed/units.hpp"

namespace sim::testbed {

namespace {

using libos::rt::Declaration;
using libos::rt::Parameter;
using libos::rt::ParameterKind;

// What the kernel itself takes of a pool at boot, at most: its records of frames and
// environments, the info window's tables, the root environment's own objects.
constexpr std::uint32_t kernel_frames(std::uint32_t pool_frames) {
    constexpr std::uint32_t fixed = 64;
    return fixed + pool_frames / 120;
}

// Its value is a path, which becomes a file of the bundle.
bool names_file(ParameterKind kind) {
    return kind == ParameterKind::trace || kind == ParameterKind::requests;
}

std::vector<std::string_view> words(std::string_view text) {
    std::vector<std::string_view> all;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        if (end > 0) all.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return all;
}

constexpr std::string_view machine_axes[] = {"seed", "memory", "slice", "cores"};

// Which key of [machine] the axis sets: `memory`, or `machine.memory`. Empty: none.
std::string_view machine_key(const Axis& axis) {
    constexpr std::string_view prefix = "machine.";
    std::string_view name = axis.name;
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    return std::ranges::find(machine_axes, name) != std::end(machine_axes) ? name
                                                                           : std::string_view{};
}

constexpr std::string_view disk_model_axis = "disk.model";

std::string size_text(std::uint64_t frames) {
    constexpr std::uint64_t mib = (1 << 20) / kernel::abi::page_size;
    if (frames % mib != 0) return fmt::format("{} pages", frames);
    return fmt::format("{} MiB", frames / mib);
}

std::uint32_t part_frames(const Machine& machine) { return machine.pool_frames / machine.cores; }

class Expansion {
public:
    Expansion(const Draft& draft, const Catalogue& catalogue,
              const std::vector<std::string>& trace_folders, Scenario& scenario,
              Problems& problems)
        : draft_{draft},
          catalogue_{catalogue},
          scenario_{scenario},
          problems_{problems},
          traces_{trace_folders, scenario.files, problems} {}

    void run();

private:
    using Choice = std::vector<std::size_t>;  // an index into each axis's values

    bool check_axes();
    bool known_axis(const Axis& axis) const;
    [[nodiscard]] bool applies(const Axis& axis, const EnvironmentDraft& environment,
                               std::string_view parameter) const;
    Cell make_cell(const Choice& choice);
    void set_machine(const Axis& axis, const Value& value, Machine& machine);
    void set_disks(const Value& value, Machine& machine);
    void check_cores(const Choice& choice, Machine& machine);
    void add_environments(const EnvironmentDraft& draft, const Choice& choice, Cell& cell);
    Environment make_environment(const EnvironmentDraft& draft, const Choice& choice,
                                 const Machine& machine);
    const Value* value_of(const EnvironmentDraft& draft, const Choice& choice,
                          std::string_view parameter) const;
    std::optional<std::string> check_value(const Parameter& parameter, const Value& value,
                                           const Environment& environment);
    std::optional<std::string> check_integer(const Parameter& parameter, const Value& value,
                                             const Environment& environment);
    std::optional<std::string> add_trace(const Value& value, ParameterKind kind,
                                         Environment& environment);
    void check_frames(const Parameter& parameter, const Value& value, std::string_view text,
                      const Environment& environment, const Machine& machine);
    void check_memory(const Cell& cell);
    void wrong(const Value& value, const Parameter& parameter, std::string_view expected);

    const Draft& draft_;
    const Catalogue& catalogue_;
    Scenario& scenario_;
    Problems& problems_;
    TraceStore traces_;
};

void Expansion::wrong(const Value& value, const Parameter& parameter, std::string_view expected) {
    problems_.add(value.place, fmt::format("argument \"{}\" is \"{}\", expected {}",
                                           parameter.name, value.text, expected));
}

bool Expansion::applies(const Axis& axis, const EnvironmentDraft& environment,
                        std::string_view parameter) const {
    const std::size_t dot = axis.name.find('.');
    if (dot == std::string::npos) return axis.name == parameter;
    return axis.name.substr(0, dot) == environment.name && axis.name.substr(dot + 1) == parameter;
}

bool Expansion::known_axis(const Axis& axis) const {
    if (axis.name == disk_model_axis && !draft_.machine.disks.empty()) return true;
    if (!machine_key(axis).empty()) return true;
    auto takes = [&](const EnvironmentDraft& environment) {
        if (environment.program == nullptr) return true;  // reported already
        return std::ranges::any_of(environment.program->parameters, [&](const Parameter& each) {
            return applies(axis, environment, each.name);
        });
    };
    return takes(draft_.root) || std::ranges::any_of(draft_.environments, takes);
}

bool Expansion::check_axes() {
    std::vector<std::string_view> names{"machine.cores", disk_model_axis};
    names.insert(names.end(), std::begin(machine_axes), std::end(machine_axes));
    auto note = [&](const EnvironmentDraft& environment) {
        if (environment.program == nullptr) return;
        for (const Parameter& each : environment.program->parameters) names.push_back(each.name);
    };
    note(draft_.root);
    std::ranges::for_each(draft_.environments, note);
    std::uint64_t cells = 1;
    for (const Axis& axis : draft_.axes) {
        if (!known_axis(axis)) {
            problems_.add(axis.place, fmt::format("unknown axis \"{}\"{}", axis.name,
                                                  suggestion(axis.name, names)));
        }
        cells *= std::max<std::size_t>(axis.values.size(), 1);
        if (cells > kernel::abi::bundle_cells_max) {
            problems_.add(axis.place, fmt::format("the sweep has too many cells, expected at "
                                                  "most {}", kernel::abi::bundle_cells_max));
            return false;
        }
        if (axis.values.empty()) return false;
    }
    return true;
}

void Expansion::run() {
    if (!check_axes()) return;
    Choice choice(draft_.axes.size(), 0);
    for (;;) {
        scenario_.cells.push_back(make_cell(choice));
        std::size_t axis = choice.size();
        while (axis > 0 && ++choice[axis - 1] == draft_.axes[axis - 1].values.size()) {
            choice[--axis] = 0;
        }
        if (axis == 0) return;
    }
}

Cell Expansion::make_cell(const Choice& choice) {
    Cell cell;
    cell.machine = draft_.machine;
    for (std::size_t i = 0; i < choice.size(); ++i) {
        const Axis& axis = draft_.axes[i];
        const Value& value = axis.values[choice[i]];
        cell.axes.emplace_back(axis.name, value.text);
        cell.name += (cell.name.empty() ? "" : " ") + axis.name + "=" + value.text;
        if (axis.name == disk_model_axis) set_disks(value, cell.machine);
        else set_machine(axis, value, cell.machine);
    }
    if (cell.name.empty()) cell.name = scenario_.name;
    check_cores(choice, cell.machine);
    add_environments(draft_.root, choice, cell);
    for (const EnvironmentDraft& each : draft_.environments) add_environments(each, choice, cell);
    std::ranges::stable_sort(cell.environments, {}, &Environment::core);
    check_memory(cell);
    return cell;
}

void Expansion::set_disks(const Value& value, Machine& machine) {
    const auto* const model = catalogue_.disk_model(value.text);
    if (model == nullptr) {
        problems_.add(value.place, unknown_disk_model(value.text, catalogue_));
        return;
    }
    for (Disk& disk : machine.disks) disk.service = model->service;
}

void Expansion::set_machine(const Axis& axis, const Value& value, Machine& machine) {
    auto say = [&](std::string_view expected) {
        problems_.add(value.place, fmt::format("\"{}\" is \"{}\", expected {}", axis.name,
                                               value.text, expected));
    };
    std::uint64_t number = 0;
    const char* const last = value.text.data() + value.text.size();
    const auto [end, error] = std::from_chars(value.text.data(), last, number);
    const bool whole = error == std::errc{} && end == last;
    const std::string_view key = machine_key(axis);
    if (key == "seed") {
        if (whole) machine.seed = number;
        else say("an integer of at least 0");
    } else if (key == "cores") {
        if (whole && number >= 1 && number <= kernel::abi::cores_max) {
            machine.cores = static_cast<std::uint32_t>(number);
        } else {
            say(fmt::format("1..{}", kernel::abi::cores_max));
        }
    } else if (key == "slice") {
        const auto ns = whole ? std::optional{number} : parse_duration(value.text);
        if (ns && *ns > 0) machine.slice_ns = *ns;
        else say("a duration such as \"1 ms\"");
    } else if (key == "memory") {
        const auto bytes = parse_bytes(value.text);
        const std::uint64_t pages = whole ? number : bytes.value_or(0) / kernel::abi::page_size;
        if (pages >= kernel::abi::pool_frames_min && pages <= kernel::abi::pool_frames_max) {
            machine.pool_frames = static_cast<std::uint32_t>(pages);
        } else {
            say("2 MiB to 4 GiB, as a size or in pages");
        }
    }
}

// Each core's kernel has a part of the memory. Where that is too small it is said once, and what
// follows goes on with all memory there can be.
void Expansion::check_cores(const Choice& choice, Machine& machine) {
    const std::uint64_t needed = std::uint64_t{machine.cores} * kernel::abi::pool_frames_min;
    if (machine.pool_frames >= needed) return;
    Place place = draft_.cores_place.line != 0 ? draft_.cores_place : draft_.machine_place;
    for (std::size_t i = 0; i < choice.size(); ++i) {
        const std::string_view key = machine_key(draft_.axes[i]);
        if (key != "cores" && key != "memory") continue;
        place = draft_.axes[i].values[choice[i]].place;
        if (key == "cores") break;
    }
    problems_.add(place, fmt::format("impossible memory: {}, expected more: {} cores need at "
                                     "least {}", size_text(machine.pool_frames), machine.cores,
                                     size_text(needed)));
    machine.pool_frames = kernel::abi::pool_frames_max;
}

const Value* Expansion::value_of(const EnvironmentDraft& draft, const Choice& choice,
                                 std::string_view parameter) const {
    const Value* found = nullptr;
    const auto own = draft.arguments.find(std::string{parameter});
    if (own != draft.arguments.end()) found = &own->second;
    for (std::size_t i = 0; i < choice.size(); ++i) {
        if (applies(draft_.axes[i], draft, parameter)) {
            found = &draft_.axes[i].values[choice[i]];
        }
    }
    return found;
}

void Expansion::add_environments(const EnvironmentDraft& draft, const Choice& choice,
                                 Cell& cell) {
    if (draft.program == nullptr) return;
    const Environment first = make_environment(draft, choice, cell.machine);
    const Placement& where = draft.placement;
    if (where.kind == Placement::Kind::one && where.core >= cell.machine.cores) {
        problems_.add(where.place, fmt::format("there is no core {}, expected one of the "
                                               "machine's {}", where.core, cell.machine.cores));
        return;
    }
    for (const std::uint32_t core : where.cores(cell.machine.cores)) {
        for (std::uint32_t i = 0; i < draft.count; ++i) {
            Environment& environment = cell.environments.emplace_back(first);
            environment.core = core;
            if (draft.count > 1) environment.name += fmt::format("-{}", i + 1);
            if (where.replicates()) environment.name += fmt::format("@{}", core);
        }
        const auto there = std::ranges::count(cell.environments, core, &Environment::core);
        if (there > kernel::abi::cell_envs_max) {
            problems_.add(draft.place, fmt::format("too many environments{}, expected at most {}, "
                                                   "the root included",
                                                   cell.machine.cores > 1 ? " on one core" : "",
                                                   kernel::abi::cell_envs_max));
        }
    }
}

Environment Expansion::make_environment(const EnvironmentDraft& draft, const Choice& choice,
                                        const Machine& machine) {
    Environment environment{.name = draft.name,
                            .program = std::string{draft.program->name},
                            .limit_frames = draft.limit_frames,
                            .guarantee_frames = draft.guarantee_frames,
                            .arguments = {},
                            .modules = {}};
    if (environment.limit_frames == 0) environment.limit_frames = part_frames(machine);
    auto set = [&](const Parameter& parameter, std::optional<std::string> text) {
        if (text) environment.arguments.emplace_back(parameter.name, std::move(*text));
    };
    // Traces first: a percentage of another argument is one of the trace's pages.
    for (const Parameter& parameter : draft.program->parameters) {
        const Value* const value = value_of(draft, choice, parameter.name);
        const bool none = parameter.kind == ParameterKind::requests && value != nullptr &&
                          value->text == parameter.fallback;
        if (names_file(parameter.kind) && value != nullptr && !none) {
            set(parameter, add_trace(*value, parameter.kind, environment));
        }
    }
    for (const Parameter& parameter : draft.program->parameters) {
        const Value* const value = value_of(draft, choice, parameter.name);
        if (value == nullptr) {
            if (!parameter.fallback.empty()) continue;
            problems_.add(draft.place, fmt::format("program \"{}\" lacks its argument \"{}\" "
                                                   "({}), expected it in args or [sweep]",
                                                   draft.program->name, parameter.name,
                                                   parameter.help));
        } else if (!names_file(parameter.kind)) {
            auto text = check_value(parameter, *value, environment);
            if (text) check_frames(parameter, *value, *text, environment, machine);
            set(parameter, std::move(text));
        }
    }
    return environment;
}

std::optional<std::string> Expansion::add_trace(const Value& value, ParameterKind kind,
                                                Environment& environment) {
    if (value.type != toml::node_type::string) {
        problems_.add(value.place, fmt::format("\"{}\" is no trace, expected a file's path in "
                                               "quotes", value.text));
        return std::nullopt;
    }
    const bool memory = kind == ParameterKind::trace;
    const auto file = traces_.load(value, memory ? TraceStore::Kind::memory
                                                 : TraceStore::Kind::requests);
    if (!file) return std::nullopt;
    if (environment.modules.size() == kernel::abi::env_modules_max) {
        problems_.add(value.place, fmt::format("too many traces of one environment, expected at "
                                               "most {}", kernel::abi::env_modules_max));
        return std::nullopt;
    }
    environment.modules.push_back(*file);
    return std::to_string(environment.modules.size() - 1);
}

std::optional<std::string> Expansion::check_value(const Parameter& parameter, const Value& value,
                                                  const Environment& environment) {
    switch (parameter.kind) {
        case ParameterKind::integer: return check_integer(parameter, value, environment);
        case ParameterKind::boolean:
            if (value.text == "true" || value.text == "false") return value.text;
            wrong(value, parameter, "true or false");
            return std::nullopt;
        case ParameterKind::choice: {
            const std::vector<std::string_view> choices = words(parameter.choices);
            if (std::ranges::find(choices, value.text) != choices.end()) return value.text;
            wrong(value, parameter, fmt::format("one of: {}", fmt::join(choices, ", ")));
            return std::nullopt;
        }
        case ParameterKind::policy:
            if (std::ranges::find(catalogue_.policies, value.text) != catalogue_.policies.end()) {
                return value.text;
            }
            wrong(value, parameter, fmt::format("a replacement policy{}",
                                                suggestion(value.text, catalogue_.policies)));
            return std::nullopt;
        case ParameterKind::text:
        case ParameterKind::trace:
        case ParameterKind::requests: break;
    }
    if (value.text.find('\n') == std::string::npos) return value.text;
    wrong(value, parameter, "text of one line");
    return std::nullopt;
}

std::optional<std::string> Expansion::check_integer(const Parameter& parameter, const Value& value,
                                                    const Environment& environment) {
    std::int64_t number = 0;
    const auto part = parse_percentage(value.text);
    const char* const last = value.text.data() + value.text.size();
    const auto [end, error] = std::from_chars(value.text.data(), last, number);
    const double pages =
        environment.modules.empty() ? 0 : traces_.file(environment.modules.front()).pages;
    if (value.type == toml::node_type::string && part && pages > 0) {
        number = std::max<std::int64_t>(1, std::llround(pages * *part));
    } else if (value.type == toml::node_type::string && value.text.ends_with('%')) {
        // A percentage needs the trace's pages: where the trace failed, that was said.
        const bool has_trace = std::ranges::any_of(
            catalogue_.program(environment.program)->parameters,
            [](const Parameter& each) { return each.kind == ParameterKind::trace; });
        if (!part || !has_trace) {
            wrong(value, parameter, "an integer, or a percentage of the trace's distinct pages");
        }
        return std::nullopt;
    } else if (value.type != toml::node_type::integer || error != std::errc{} || end != last) {
        wrong(value, parameter, "an integer");
        return std::nullopt;
    }
    if (number < parameter.minimum || number > parameter.maximum) {
        wrong(value, parameter, fmt::format("{}..{}", parameter.minimum, parameter.maximum));
        return std::nullopt;
    }
    return std::to_string(number);
}

// A program that is to use `frames` frames must be able to get them.
void Expansion::check_frames(const Parameter& parameter, const Value& value, std::string_view text,
                             const Environment& environment, const Machine& machine) {
    if (parameter.name != "frames" || parameter.kind != ParameterKind::integer) return;
    std::uint64_t frames = 0;
    std::from_chars(text.data(), text.data() + text.size(), frames);
    const std::uint32_t part = part_frames(machine);
    const std::uint32_t kernel = std::min(part, kernel_frames(part));
    const std::uint32_t room = std::min(environment.limit_frames, part - kernel);
    if (frames <= room) return;
    problems_.add(value.place,
                  fmt::format("impossible memory: {} frames for \"{}\", expected at most {} (its "
                              "limit, or the {}'s memory)", frames, environment.name, room,
                              machine.cores > 1 ? "core" : "machine"));
}

void Expansion::check_memory(const Cell& cell) {
    std::vector<std::uint64_t> guaranteed(cell.machine.cores);
    for (const Environment& each : cell.environments) {
        guaranteed[each.core] += each.guarantee_frames;
    }
    const std::uint32_t part = part_frames(cell.machine);
    const std::uint32_t room = part - std::min(part, kernel_frames(part));
    for (const std::uint64_t frames : guaranteed) {
        if (frames <= room) continue;
        problems_.add(draft_.machine_place,
                      fmt::format("impossible memory: guarantees of {} frames together, expected "
                                  "at most {} of the {}'s {}", frames, room,
                                  cell.machine.cores > 1 ? "core" : "machine", part));
    }
}

}  // namespace

void expand_cells(const Draft& draft, const Catalogue& catalogue,
                  const std::vector<std::string>& trace_folders, Scenario& scenario,
                  Problems& problems) {
    Expansion{draft, catalogue, trace_folders, scenario, problems}.run();
    if (!problems.empty()) return;
    std::set<std::string> names;
    for (const Cell& cell : scenario.cells) names.insert(cell.name);
    for (std::size_t i = 0; i < draft.disks.size(); ++i) {
        if (!draft.machine.disks[i].keep || scenario.cells.size() == 1) continue;
        problems.add(draft.disks[i].place, "\"keep\" where several cells would write into one "
                                           "file, expected a scenario of one cell");
    }
    if (names.size() != scenario.cells.size()) {
        problems.add(draft.machine_place, "two cells of the sweep are the same, expected "
                                          "different values on each axis");
    }
}

}  // namespace sim::testbed
