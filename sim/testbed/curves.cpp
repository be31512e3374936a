#include "sim/testbed/curves.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "sim/testbed/plot.hpp"
#include "sim/testbed/table.hpp"

namespace sim::testbed {

namespace {

struct Curve {
    const char* title;
    const char* x;  // keys of the result line
    const char* y;
    const char* who;
    const char* group;      // a plot each value
    const char* group_too;  // and each value of this, if the line has it
    const char* phase;      // lines of this phase alone, or of all: ""
    double y_unit;
    const char* x_label;
    const char* y_label;
    bool log_y;
};
constexpr std::array curves{
    Curve{"Slowdown, 99.9th percentile", "load", "slowdown_milli_p999", "scheduler", "quantum_ns",
          "switch_ns", "", 1000, "load (%)", "p99.9 slowdown", true},
    Curve{"Slowdown, 99th percentile", "load", "slowdown_milli_p99", "scheduler", "quantum_ns",
          "switch_ns", "", 1000, "load (%)", "p99 slowdown", true},
    Curve{"Mean slowdown", "load", "slowdown_milli_mean", "scheduler", "quantum_ns",
          "switch_ns", "", 1000, "load (%)", "mean slowdown", true},
    Curve{"Reading large files", "streams", "mb_per_s", "fs", "disk.model", "read_ahead", "read", 1,
          "files in turn", "MB/s", false},
    Curve{"Writing large files", "streams", "mb_per_s", "fs", "disk.model", "read_ahead", "write",
          1, "files in turn", "MB/s", false},
    Curve{"Blocks read for 100 pages", "cache", "read_%", "replacement", "fs", "choose", "read", 1,
          "blocks cached", "blocks read", false},
};

struct Mean {
    double sum = 0;
    double count = 0;
};
using Points = std::map<double, Mean>;                  // by x
using Lines = std::map<std::string, Points>;            // by who
using Group = std::pair<std::string, std::optional<std::string>>;
using Groups = std::map<Group, Lines>;

std::string value_text(const Json& value) {
    return value.is_number() ? fmt::format("{:.0f}", value.get<double>()) : plain_text(value);
}

Groups groups_of(const Curve& curve, const std::vector<Json>& records) {
    Groups groups;
    for (const Row& row : rows_of(records)) {
        const Json& line = row.cells;
        const auto number = [&line](const char* key) {
            return line.contains(key) && line[key].is_number();
        };
        if (!number(curve.x) || !number(curve.y) || !line.contains(curve.group)) continue;
        if (!line.contains(curve.who)) continue;
        const std::string phase = curve.phase;
        if (!phase.empty() && line.value("phase", std::string{}) != phase) continue;
        Group group{value_text(line[curve.group]), std::nullopt};
        if (line.contains(curve.group_too)) group.second = value_text(line[curve.group_too]);
        Mean& mean = groups[group][plain_text(line[curve.who])][line[curve.x].get<double>()];
        mean.sum += line[curve.y].get<double>() / curve.y_unit;
        mean.count += 1;
    }
    return groups;
}

std::vector<Series> series_of(const Lines& lines) {
    std::vector<Series> all;
    for (const auto& [who, points] : lines) {
        Series series{.name = who, .points = {}};
        for (const auto& [x, mean] : points) series.points.emplace_back(x, mean.sum / mean.count);
        all.push_back(std::move(series));
    }
    return all;
}

double largest(const Groups& groups) {
    double most = 0;
    for (const auto& [group, lines] : groups) {
        for (const Series& series : series_of(lines)) {
            for (const auto& point : series.points) most = std::max(most, point.second);
        }
    }
    return most;
}

std::string title_of(const Curve& curve, const Group& group) {
    const std::string title = fmt::format("{} {}", curve.group, group.first);
    if (!group.second) return title;
    return fmt::format("{}, {} {}", title, curve.group_too, *group.second);
}

std::string section(const Curve& curve, const Groups& groups) {
    std::string plots;
    std::vector<Series> series;
    for (const auto& [group, lines] : groups) {
        series = series_of(lines);
        plots += to_svg(Plot{.title = title_of(curve, group),
                             .x_label = curve.x_label,
                             .y_label = curve.y_label,
                             .series = series,
                             .log_x = false,
                             .y_max = largest(groups),
                             .log_y = curve.log_y,
                             .y_min = 0});
    }
    return fmt::format("<section><h2>{}</h2>\n<div class=\"plots\">{}</div>\n{}</section>\n",
                       html(curve.title), plots, legend(series));
}

}  // namespace

std::string curve_sections(const std::vector<Json>& records) {
    std::string out;
    for (const Curve& curve : curves) {
        const Groups groups = groups_of(curve, records);
        if (!groups.empty()) out += section(curve, groups);
    }
    return out;
}

}  // namespace sim::testbed
