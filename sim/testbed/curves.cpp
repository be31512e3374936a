#include "sim/testbed/curves.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "sim/testbed/plot.hpp"
#include "sim/testbed/table.hpp"

namespace sim::testbed {

namespace {

struct Mean {
    double sum = 0;
    double count = 0;
};
using Points = std::map<std::size_t, Mean>;    // by the place of x among its values
using Lines = std::map<std::string, Points>;   // by what `line` is
using Panels = std::map<std::string, Lines>;   // by what `beside` is

// Axes are text in a record.
std::optional<double> number_of(const Json& value) {
    if (value.is_number()) return value.get<double>();
    const std::string text = plain_text(value);
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

class Curve {
public:
    Curve(const PlotRequest& request, const std::vector<Json>& records) : request_{request} {
        for (const Row& row : rows_of(records)) take(row.cells);
    }

    [[nodiscard]] std::string section() const {
        const std::string title =
            request_.title.empty() ? request_.y + " by " + request_.x : request_.title;
        if (panels_.empty()) {
            return fmt::format("<section><h2>{}</h2>\n<p>No result line has what it asks for.</p>"
                               "</section>\n",
                               html(title));
        }
        std::string plots;
        std::vector<Series> all;
        for (const auto& [name, lines] : panels_) {
            all = series_of(lines);
            plots += to_svg(plot_of(name, all));
        }
        return fmt::format("<section><h2>{}</h2>\n<div class=\"plots\">{}</div>\n{}</section>\n",
                           html(title), plots, legend(all));
    }

private:
    void take(const Json& line) {
        const auto has = [&line](const std::string& key) { return line.contains(key); };
        const bool meant = std::ranges::all_of(request_.where, [&](const auto& condition) {
            return has(condition.first) && plain_text(line[condition.first]) == condition.second;
        });
        if (!meant || !has(request_.x) || !has(request_.y)) return;
        if (!request_.line.empty() && !has(request_.line)) return;
        if (!std::ranges::all_of(request_.beside, has)) return;
        const auto y = number_of(line[request_.y]);
        if (!y) return;
        const std::string who = request_.line.empty() ? "" : plain_text(line[request_.line]);
        if (std::ranges::find(lines_, who) == lines_.end()) lines_.push_back(who);
        Mean& mean = panels_[panel_of(line)][who][place_of(line[request_.x])];
        mean.sum += *y / request_.divide;
        mean.count += 1;
    }

    [[nodiscard]] std::string panel_of(const Json& line) const {
        std::string name;
        for (const std::string& key : request_.beside) {
            name += fmt::format("{}{} {}", name.empty() ? "" : ", ", key, plain_text(line[key]));
        }
        return name;
    }

    // Where a value of x stands among those seen so far.
    std::size_t place_of(const Json& value) {
        const std::string text = plain_text(value);
        const auto at = std::ranges::find(names_, text);
        if (at != names_.end()) return static_cast<std::size_t>(at - names_.begin());
        const auto number = number_of(value);
        numbers_.push_back(number.value_or(0));
        numeric_ = numeric_ && number;
        names_.push_back(text);
        return names_.size() - 1;
    }

    // In each panel the same ones in the same order, so that colours mean the same.
    [[nodiscard]] std::vector<Series> series_of(const Lines& lines) const {
        std::vector<Series> all;
        for (const std::string& who : lines_) {
            Series series{.name = who, .points = {}};
            if (const auto found = lines.find(who); found != lines.end()) {
                for (const auto& [place, mean] : found->second) {
                    const double x = numeric_ ? numbers_[place] : static_cast<double>(place);
                    series.points.emplace_back(x, mean.sum / mean.count);
                }
            }
            std::ranges::sort(series.points);
            all.push_back(std::move(series));
        }
        return all;
    }

    [[nodiscard]] Plot plot_of(const std::string& panel, std::vector<Series> series) const {
        return {.title = panel,
                .x_label = request_.x_label.empty() ? request_.x : request_.x_label,
                .y_label = request_.y_label.empty() ? request_.y : request_.y_label,
                .series = std::move(series),
                .x_names = numeric_ ? std::vector<std::string>{} : names_,
                .log_x = false,
                .y_max = largest(),
                .log_y = request_.log_y,
                .y_min = !request_.log_y ? 0 : numeric_ ? least() : least() / 2};
    }

    // The same axis for all panels.
    [[nodiscard]] double largest() const {
        double most = 0;
        for_each_y([&](double y) { most = std::max(most, y); });
        return most;
    }
    [[nodiscard]] double least() const {
        double least = largest();
        for_each_y([&](double y) { least = y > 0 ? std::min(least, y) : least; });
        return least;
    }
    template <class See>
    void for_each_y(See see) const {
        for (const auto& [panel, lines] : panels_) {
            for (const auto& [who, points] : lines) {
                for (const auto& [place, mean] : points) see(mean.sum / mean.count);
            }
        }
    }

    const PlotRequest& request_;
    Panels panels_;
    std::vector<std::string> lines_;  // in the order of the results
    std::vector<std::string> names_;
    std::vector<double> numbers_;
    bool numeric_ = true;
};

}  // namespace

std::string curve_sections(const std::vector<PlotRequest>& plots,
                           const std::vector<Json>& records) {
    std::string out;
    for (const PlotRequest& plot : plots) out += Curve{plot, records}.section();
    return out;
}

}  // namespace sim::testbed
