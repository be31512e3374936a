#include "sim/testbed/core_curves.hpp"

#include <cstdlib>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "sim/testbed/plot.hpp"

namespace sim::testbed {

namespace {

struct Mean {
    double sum = 0;
    double count = 0;
};
using Lines = std::map<std::string, std::map<double, Mean>>;  // by text, by cores

std::optional<double> cores_of(const Json& axes) {
    for (const char* name : {"machine.cores", "cores"}) {
        if (axes.contains(name)) return std::strtod(plain_text(axes[name]).c_str(), nullptr);
    }
    return std::nullopt;
}

void add(Mean& mean, double value) {
    mean.sum += value;
    mean.count += 1;
}

// Of the host: events per second, in millions.
Lines rates_of(const std::vector<Json>& records) {
    Lines lines;
    for (const Json& record : records) {
        const auto cores = cores_of(record["axes"]);
        const double seconds = record["host_seconds"].get<double>();
        if (!cores || seconds <= 0) continue;
        add(lines["events"][*cores], record["trace_events"].get<double>() / seconds / 1e6);
    }
    return lines;
}

// A result line's texts, which tell lines apart.
std::string who(const Json& line) {
    std::string text;
    for (const auto& [key, value] : line.items()) {
        if (!value.is_string()) continue;
        text += (text.empty() ? "" : ", ") + value.get<std::string>();
    }
    return text;
}

void add_results(const Json& environment, double cores, std::map<std::string, Lines>& plots) {
    for (const Json& line : environment["results"]) {
        for (const auto& [key, value] : line.items()) {
            if (!value.is_number()) continue;
            const std::string name = who(line);
            add(plots[key][name.empty() ? key : name][cores], value.get<double>());
        }
    }
}

std::map<std::string, Lines> results_of(const std::vector<Json>& records) {
    std::map<std::string, Lines> plots;
    for (const Json& record : records) {
        const auto cores = cores_of(record["axes"]);
        if (!cores || record["environments"].empty()) continue;
        add_results(record["environments"].front(), *cores, plots);
    }
    return plots;
}

std::vector<Series> series_of(const Lines& lines) {
    std::vector<Series> all;
    for (const auto& [name, points] : lines) {
        Series series{.name = name, .points = {}};
        for (const auto& [cores, mean] : points) {
            series.points.emplace_back(cores, mean.sum / mean.count);
        }
        if (series.points.size() > 1) all.push_back(std::move(series));
    }
    return all;
}

bool constant(const std::vector<Series>& series) {
    for (const Series& one : series) {
        for (const auto& point : one.points) {
            if (point.second != one.points.front().second) return false;
        }
    }
    return true;
}

std::string figure(const std::string& title, const std::string& label, const Lines& lines) {
    const std::vector<Series> series = series_of(lines);
    if (constant(series)) return "";
    const std::string svg = to_svg(Plot{.title = title,
                                        .x_label = "cores",
                                        .y_label = label,
                                        .series = series,
                                        .log_x = true,
                                        .y_max = 0,
                                        .log_y = true,
                                        .y_min = 0});
    return fmt::format("<section>{}\n{}</section>\n", svg, legend(series));
}

}  // namespace

std::string core_curve_sections(const std::vector<Json>& records) {
    std::string out;
    for (const auto& [key, lines] : results_of(records)) out += figure(key, key, lines);
    if (!records.empty() && cores_of(records.front()["axes"])) {
        out += figure("Simulation rate", "million events a host second", rates_of(records));
    }
    if (out.empty()) return out;
    return "<h2>Against the number of cores</h2>\n<div class=\"plots\">" + out + "</div>\n";
}

}  // namespace sim::testbed
