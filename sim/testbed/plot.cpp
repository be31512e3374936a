#include "sim/testbed/plot.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace sim::testbed {

namespace {

constexpr double width = 560;
constexpr double height = 360;
constexpr double left = 64;
constexpr double right = 16;
constexpr double top = 32;
constexpr double bottom = 48;

class Canvas {
public:
    explicit Canvas(const Plot& plot) : plot_{plot} {
        for (const Series& series : plot.series) {
            for (const auto& [x, y] : series.points) {
                x_min_ = std::min(x_min_, x);
                x_max_ = std::max(x_max_, x);
                y_max_ = std::max(y_max_, y);
                if (y > 0) y_min_ = std::min(y_min_, y);
            }
        }
        if (plot.y_max > 0) y_max_ = plot.y_max;
        if (x_min_ > x_max_) x_min_ = x_max_ = 1;
        if (y_max_ <= 0) y_max_ = 1;
        if (plot.y_min > 0) y_min_ = plot.y_min;
        if (!plot.x_names.empty()) {
            x_min_ = -0.5;
            x_max_ = static_cast<double>(plot.x_names.size()) - 0.5;
        }
        log_ = plot.log_x && x_min_ > 0;
        log_y_ = plot.log_y && y_min_ < y_max_;
    }

    std::string draw() {
        out_ = fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\"><text x=\"{}\" y=\"18\" "
                           "class=\"title\">{}</text>",
                           width, height, left, html(plot_.title));
        draw_axes();
        for (std::size_t i = 0; i < plot_.series.size(); ++i) draw_series(i);
        return out_ + "</svg>\n";
    }

private:
    [[nodiscard]] double scale_x(double x) const {
        const double low = log_ ? std::log(x_min_) : x_min_;
        const double high = log_ ? std::log(x_max_) : x_max_;
        const double at = log_ ? std::log(x) : x;
        const double part = high > low ? (at - low) / (high - low) : 0.5;
        return left + part * (width - left - right);
    }
    [[nodiscard]] double scale_y(double y) const {
        const double part = log_y_ ? std::log(std::max(y, y_min_) / y_min_) /
                                         std::log(y_max_ / y_min_)
                                   : y / y_max_;
        return height - bottom - part * (height - top - bottom);
    }

    void draw_axes() {
        for (const double y : y_ticks()) {
            out_ += fmt::format("<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" "
                                "y2=\"{:.1f}\"/><text x=\"{}\" y=\"{:.1f}\" "
                                "text-anchor=\"end\">{:.6g}</text>",
                                left, width - right, scale_y(y), scale_y(y), left - 6,
                                scale_y(y) + 4, y);
        }
        const auto mark = [this](double x, const std::string& text) {
            out_ += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                                scale_x(x), height - bottom + 18, html(text));
        };
        for (std::size_t i = 0; i < plot_.x_names.size(); ++i) {
            mark(static_cast<double>(i), plot_.x_names[i]);
        }
        if (plot_.x_names.empty()) {
            for (const double x : x_ticks()) mark(x, fmt::format("{:.6g}", x));
        }
        out_ += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>"
                            "<text transform=\"translate(14 {}) rotate(-90)\" "
                            "text-anchor=\"middle\">{}</text>",
                            (left + width - right) / 2, height - 8, html(plot_.x_label),
                            (top + height - bottom) / 2, html(plot_.y_label));
    }

    // Round numbers: five or so on a linear axis; 1, 2 and 5 of each decade on a logarithmic one.
    [[nodiscard]] std::vector<double> y_ticks() const {
        std::vector<double> ticks;
        if (!log_y_) {
            constexpr double steps_most = 6;
            const double least = y_max_ / steps_most;
            double step = std::pow(10, std::floor(std::log10(least)));
            for (const double factor : {2.0, 2.5, 2.0}) {
                if (step < least) step *= factor;
            }
            for (int i = 0; i * step <= y_max_ * 1.0001; ++i) ticks.push_back(i * step);
            return ticks;
        }
        for (double decade = std::pow(10, std::floor(std::log10(y_min_))); decade <= y_max_;
             decade *= 10) {
            for (const double factor : {1, 2, 5}) {
                const double tick = factor * decade;
                if (tick >= y_min_ && tick <= y_max_) ticks.push_back(tick);
            }
        }
        return ticks;
    }

    // The points' own places where they are few, else six steps.
    [[nodiscard]] std::vector<double> x_ticks() const {
        constexpr std::size_t own_max = 8;
        constexpr int steps = 5;
        std::vector<double> ticks;
        for (const Series& series : plot_.series) {
            for (const auto& point : series.points) ticks.push_back(point.first);
        }
        std::ranges::sort(ticks);
        const auto twice = std::ranges::unique(ticks);
        ticks.erase(twice.begin(), twice.end());
        if (ticks.size() <= own_max) return ticks;
        ticks.clear();
        for (int i = 0; i <= steps; ++i) ticks.push_back(x_min_ + (x_max_ - x_min_) * i / steps);
        return ticks;
    }

    void draw_series(std::size_t index) {
        constexpr std::size_t dots_max = 32;
        const Series& series = plot_.series[index];
        const std::string colour = series_colour(index, plot_.series.size());
        if (!plot_.x_names.empty()) return draw_bars(index, colour);
        out_ += fmt::format("<g class=\"series\" data-series=\"{}\" style=\"--c:{}\"><polyline "
                            "points=\"", html(series.name), colour);
        for (const auto& [x, y] : series.points) {
            out_ += fmt::format("{:.1f},{:.1f} ", scale_x(x), scale_y(y));
        }
        out_ += "\"/>";
        for (const auto& [x, y] : series.points) {
            if (series.points.size() > dots_max) break;
            out_ += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"><title>{}: {:.6g}, "
                                "{:.4g}</title></circle>",
                                scale_x(x), scale_y(y), html(series.name), x, y);
        }
        out_ += "</g>";
    }

    // Side by side over each name.
    void draw_bars(std::size_t index, const std::string& colour) {
        constexpr double part = 0.8;  // of a name's room
        const Series& series = plot_.series[index];
        const auto count = static_cast<double>(plot_.series.size());
        const double bar = (scale_x(1) - scale_x(0)) * part / count;
        out_ += fmt::format("<g class=\"series\" data-series=\"{}\" style=\"--c:{}\">",
                            html(series.name), colour);
        for (const auto& [x, y] : series.points) {
            const double from = scale_x(x) + bar * (static_cast<double>(index) - count / 2);
            out_ += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
                                "height=\"{:.1f}\"><title>{}: {}, {:.4g}</title></rect>",
                                from, scale_y(y), bar, height - bottom - scale_y(y),
                                html(series.name),
                                html(plot_.x_names[static_cast<std::size_t>(x)]), y);
        }
        out_ += "</g>";
    }

    const Plot& plot_;
    std::string out_;
    double x_min_ = std::numeric_limits<double>::max();
    double x_max_ = std::numeric_limits<double>::lowest();
    double y_max_ = 0;
    double y_min_ = std::numeric_limits<double>::max();
    bool log_ = false;
    bool log_y_ = false;
};

}  // namespace

std::string to_svg(const Plot& plot) { return Canvas{plot}.draw(); }

std::string series_colour(std::size_t index, std::size_t count) {
    // Hues evenly apart; neighbours differ in lightness too.
    const std::size_t hue = 360 * index / std::max<std::size_t>(count, 1);
    return fmt::format("hsl({} 70% {}%)", hue, index % 2 == 0 ? 45 : 58);
}

std::string legend(const std::vector<Series>& series) {
    std::string out = "<p class=\"legend\">";
    for (std::size_t i = 0; i < series.size(); ++i) {
        out += fmt::format("<span data-series=\"{0}\" style=\"--c:{1}\"><i></i>{0}</span>",
                           html(series[i].name), series_colour(i, series.size()));
    }
    return out + "</p>\n";
}

std::string html(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\'': out += "&#39;"; break;
            default: out += c;
        }
    }
    return out;
}

}  // namespace sim::testbed
