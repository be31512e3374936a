// --set key=value: changes to a parsed scenario, as if the file said so.
//
//   machine.seed=7            a dotted path from the top of the file, or such an axis
//   machine.cores=1,2         several values of a key of [machine]: an axis
//   environments.a.limit=100  an environment by its name
//   a.frames=100              an argument of the environment called a
//   disk.model=hdd,nvme       a key of every [[disk]]; several models: an axis
//   policy=lru,fifo           an axis of the sweep; else an argument of every environment whose
//                             program takes it; else a key of [machine]
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "sim/testbed/draft.hpp"

namespace sim::testbed {

namespace {

struct Setting {
    std::vector<std::string> path;
    std::string value;
    std::string whole;
};

constexpr std::array<std::string_view, 5> machine_keys{"memory", "cores", "slice", "costs",
                                                       "seed"};
constexpr std::array<std::string_view, 9> top_keys{
    "title", "root", "machine", "environments", "sweep", "report", "expect", "policy", "frames"};
constexpr std::array<std::string_view, 5> environment_keys{"program", "limit", "guarantee",
                                                           "count", "core"};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    for (;;) {
        const std::size_t at = text.find(separator);
        parts.emplace_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

// Puts `text` into `table`: as TOML where it is TOML, as text otherwise.
void insert(toml::table& table, const std::string& key, const std::string& text) {
    try {
        toml::table parsed = toml::parse("v = " + text);
        table.insert_or_assign(key, std::move(*parsed.get("v")));
    } catch (const toml::parse_error&) {
        table.insert_or_assign(key, text);
    }
}

void insert_axis(toml::table& sweep, const std::string& key, const std::string& text) {
    if (text.find(',') == std::string::npos || text.starts_with('[')) {
        insert(sweep, key, text);
        return;
    }
    toml::table scratch;
    toml::array values;
    for (const std::string& part : split(text, ',')) {
        insert(scratch, "v", part);
        values.push_back(std::move(*scratch.get("v")));
    }
    sweep.insert_or_assign(key, std::move(values));
}

toml::table& subtable(toml::table& parent, const std::string& key) {
    if (parent.get(key) == nullptr || !parent.get(key)->is_table()) {
        parent.insert_or_assign(key, toml::table{});
    }
    return *parent.get(key)->as_table();
}

toml::table* environment_named(toml::table& root, std::string_view name) {
    toml::array* const list = root["environments"].as_array();
    if (list == nullptr) return nullptr;
    for (toml::node& node : *list) {
        toml::table* const table = node.as_table();
        if (table == nullptr) continue;
        const auto own = (*table)["name"].value<std::string>();
        const auto program = (*table)["program"].value<std::string>();
        if (own ? *own == name : program && *program == name) return table;
    }
    return nullptr;
}

bool set_in_environment(toml::table& environment, const std::vector<std::string>& rest,
                        const std::string& value) {
    if (rest.size() == 2 && rest[0] == "args") {
        insert(subtable(environment, "args"), rest[1], value);
        return true;
    }
    if (rest.size() != 1) return false;
    const bool own = contains(environment_keys, rest[0]);
    insert(own ? environment : subtable(environment, "args"), rest[0], value);
    return true;
}

bool takes(const toml::table& environment, const Catalogue& catalogue, std::string_view argument) {
    const auto program = environment["program"].value<std::string>();
    const auto* const declaration = program ? catalogue.program(*program) : nullptr;
    return declaration != nullptr &&
           std::ranges::find(declaration->parameters, argument, &libos::rt::Parameter::name) !=
               declaration->parameters.end();
}

// The table of [sweep] that has the axis GROUP.KEY; nullptr: none.
toml::table* axes_with(toml::table& root, const std::string& group, const std::string& key) {
    toml::table* const sweep = root["sweep"].as_table();
    if (sweep == nullptr) return nullptr;
    toml::table* const inner = (*sweep)[group].as_table();
    if (inner != nullptr && inner->contains(key)) return inner;
    const bool plain = group == "machine" && contains(machine_keys, key) && sweep->contains(key);
    return plain ? sweep : nullptr;
}

// Several values of a key of [machine] make an axis of it.
void set_machine(toml::table& root, const std::string& key, const std::string& value) {
    const bool several = value.starts_with('[') || value.find(',') != std::string::npos;
    if (toml::table* const axes = axes_with(root, "machine", key)) {
        insert_axis(*axes, key, value);
    } else if (several && key != "costs") {
        insert_axis(subtable(subtable(root, "sweep"), "machine"), key, value);
    } else {
        insert(subtable(root, "machine"), key, value);
    }
}

// A single word: an axis, a key of [machine], or an argument of whoever takes it.
bool set_word(toml::table& root, const Catalogue& catalogue, const Setting& setting) {
    const std::string& key = setting.path[0];
    if (root["sweep"].is_table() && root["sweep"].as_table()->contains(key)) {
        insert_axis(*root["sweep"].as_table(), key, setting.value);
        return true;
    }
    if (contains(machine_keys, key)) {
        set_machine(root, key, setting.value);
        return true;
    }
    if (key == "root" || key == "title") {
        insert(root, key, setting.value);
        return true;
    }
    bool found = false;
    if (toml::array* const list = root["environments"].as_array()) {
        for (toml::node& node : *list) {
            toml::table* const table = node.as_table();
            if (table == nullptr || !takes(*table, catalogue, key)) continue;
            insert(subtable(*table, "args"), key, setting.value);
            found = true;
        }
    }
    return found;
}

// A key of every disk there is; several models make an axis.
bool set_disks(toml::table& root, const std::string& key, const std::string& value) {
    toml::array* const disks = root["disk"].as_array();
    if (disks == nullptr) return false;
    const bool several = value.starts_with('[') || value.find(',') != std::string::npos;
    if (toml::table* const axes = axes_with(root, "disk", key)) {
        insert_axis(*axes, key, value);
    } else if (several && key == "model") {
        insert_axis(subtable(subtable(root, "sweep"), "disk"), key, value);
    } else {
        for (toml::node& disk : *disks) {
            if (disk.is_table()) insert(*disk.as_table(), key, value);
        }
    }
    return true;
}

bool set_path(toml::table& root, const Catalogue& catalogue, const Setting& setting) {
    const std::vector<std::string>& path = setting.path;
    if (path.size() == 1) return set_word(root, catalogue, setting);
    const std::vector<std::string> rest(path.begin() + 1, path.end());
    if (path[0] == "environments") {
        toml::table* const environment = environment_named(root, path[1]);
        return environment != nullptr && path.size() > 2 &&
               set_in_environment(*environment, {path.begin() + 2, path.end()}, setting.value);
    }
    if (path[0] == "sweep" && path.size() == 2) {
        insert_axis(subtable(root, "sweep"), path[1], setting.value);
        return true;
    }
    if (path.size() == 2) {
        if (path[0] == "machine" && contains(machine_keys, path[1])) {
            set_machine(root, path[1], setting.value);
            return true;
        }
        if (path[0] == "disk") return set_disks(root, path[1], setting.value);
        if (toml::table* const axes = axes_with(root, path[0], path[1])) {
            insert_axis(*axes, path[1], setting.value);
            return true;
        }
    }
    if (contains(top_keys, path[0])) {
        toml::table* at = &root;
        for (std::size_t i = 0; i + 1 < path.size(); ++i) at = &subtable(*at, path[i]);
        insert(*at, path.back(), setting.value);
        return true;
    }
    toml::table* const environment = environment_named(root, path[0]);
    return environment != nullptr && set_in_environment(*environment, rest, setting.value);
}

}  // namespace

void apply_settings(toml::table& root, const Catalogue& catalogue, const ReadScenario& options,
                    Problems& problems) {
    for (const std::string& text : options.settings) {
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos || equals == 0) {
            problems.add({"--set", 0, 0},
                         fmt::format("\"{}\" is no setting, expected key=value", text));
            continue;
        }
        const Setting setting{split(text.substr(0, equals), '.'), text.substr(equals + 1), text};
        if (!set_path(root, catalogue, setting)) {
            problems.add({"--set", 0, 0},
                         fmt::format("\"{}\" names nothing in this scenario, expected an axis, "
                                     "an argument, ENVIRONMENT.ARGUMENT or a dotted path such as "
                                     "machine.memory", text));
        }
    }
    if (options.seed) {
        // An axis of seeds would hide the one that was asked for.
        while (toml::table* const axes = axes_with(root, "machine", "seed")) axes->erase("seed");
        subtable(root, "machine")
            .insert_or_assign("seed", static_cast<std::int64_t>(*options.seed));
    }
}

}  // namespace sim::testbed
