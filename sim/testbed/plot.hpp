#pragma once

/// The plot: lines over a numeric axis, or bars over names, as SVG that takes its colours from the
/// page.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sim::testbed {

struct Series {
    std::string name;
    std::vector<std::pair<double, double>> points;  ///< by x
};

struct Plot {
    std::string title;
    std::string x_label;
    std::string y_label;
    std::vector<Series> series;
    std::vector<std::string> x_names = {};  ///< not empty: bars; x is a place among them
    bool log_x = false;
    double y_max = 0;  ///< 0: the largest value; given where plots stand side by side
    bool log_y = false;
    double y_min = 0;  ///< of a logarithmic axis; 0: the least positive value
};

/// An <svg> element. A series' lines carry class "series" and its name as data-series.
[[nodiscard]] std::string to_svg(const Plot& plot);

/// The colour of the i-th of n series.
[[nodiscard]] std::string series_colour(std::size_t index, std::size_t count);

/// A <p> that names the series in their colours; the report's script marks the one pointed at.
[[nodiscard]] std::string legend(const std::vector<Series>& series);

/// Text made safe for HTML and attributes.
[[nodiscard]] std::string html(std::string_view text);

}  // namespace sim::testbed
