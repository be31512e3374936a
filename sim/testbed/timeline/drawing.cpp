#include "sim/testbed/timeline/drawing.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "sim/testbed/event_text.hpp"
#include "sim/testbed/plot.hpp"
#include "sim/testbed/timeline/transfers.hpp"

namespace sim::testbed::timeline {

namespace {

using kernel::abi::EnvId;
using kernel::abi::Event;
using kernel::abi::EventKind;

constexpr double width = 1600;
constexpr double left = 170;
constexpr double right = 20;
constexpr double top = 56;
constexpr double core_height = 26;
constexpr double env_height = 30;
constexpr double gap = 8;        // behind a core's rows
constexpr double mark_width = 2;
constexpr std::size_t arrows_max = 2000;

constexpr const char* style =
    "text{font:12px sans-serif;fill:#222}.title{font-size:15px;font-weight:bold}"
    ".grid{stroke:#ddd}.call{fill:#7a8793}.upcall{fill:#d97a00}.fault{fill:#c62828}"
    ".ended{fill:#000}.console{fill:#2e7d32}.transfer{fill:#5e35b1}"
    ".arrow{stroke:#5e35b1;stroke-width:.8;opacity:.45}.row{fill:#f4f6f8}";

// What marks look like: the class, and the part of the row's height.
struct Look {
    const char* name;
    double height;
};
Look look_of(EventKind kind) {
    switch (kind) {
        case EventKind::upcall: return {"upcall", 0.85};
        case EventKind::fault: return {"fault", 1.0};
        case EventKind::ended: return {"ended", 1.0};
        case EventKind::console: return {"console", 0.7};
        case EventKind::transfer: return {"transfer", 0.7};
        default: return {"call", 0.45};
    }
}

class Drawing {
public:
    Drawing(const History& history, const std::string& title) : history_{history}, title_{title} {
        for (const Event& event : history.events) {
            if (core_of(event.env) >= history.cores) continue;
            first_ns_ = std::min(first_ns_, event.time.value);
            last_ns_ = std::max(last_ns_, event.time.value);
            rows_.emplace(event.env.value, 0);
        }
        if (first_ns_ > last_ns_) first_ns_ = last_ns_ = 0;
        place_rows();
    }

    std::string draw() {
        out_ = fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" "
                           "width=\"{}\" height=\"{}\"><style>{}</style>"
                           "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
                           "<text class=\"title\" x=\"12\" y=\"22\">{}</text>\n",
                           width, height_, width, height_, style, html(title_));
        draw_key();
        draw_rows();
        draw_axis();
        draw_stretches();
        draw_marks();
        draw_arrows();
        return out_ + "</svg>\n";
    }

private:
    // Environments beneath their core, in the order of their numbers.
    void place_rows() {
        double y = top;
        core_rows_.resize(history_.cores);
        for (std::uint32_t core = 0; core < history_.cores; ++core) {
            core_rows_[core] = y;
            y += core_height;
            for (auto& [env, row] : rows_) {
                if (core_of(EnvId{env}) != core) continue;
                row = y;
                y += env_height;
            }
            y += gap;
        }
        height_ = y + 30;
    }

    [[nodiscard]] double x(std::uint64_t ns) const {
        const auto span = static_cast<double>(std::max<std::uint64_t>(last_ns_ - first_ns_, 1));
        return left + static_cast<double>(ns - first_ns_) / span * (width - left - right);
    }

    void draw_key() {
        double at = left;
        for (const EventKind kind : {EventKind::call, EventKind::upcall, EventKind::fault,
                                     EventKind::transfer, EventKind::console, EventKind::ended}) {
            const Look look = look_of(kind);
            out_ += fmt::format("<rect class=\"{0}\" x=\"{1}\" y=\"32\" width=\"10\" "
                                "height=\"10\"/><text x=\"{2}\" y=\"41\">{0}</text>",
                                look.name, at, at + 15);
            at += 90;
        }
    }

    void draw_rows() {
        for (std::uint32_t core = 0; core < history_.cores; ++core) {
            out_ += fmt::format("<text x=\"12\" y=\"{}\" font-weight=\"bold\">core {}</text>",
                                core_rows_[core] + 17, core);
        }
        for (const auto& [env, y] : rows_) {
            out_ += fmt::format("<rect class=\"row\" x=\"{}\" y=\"{}\" width=\"{}\" "
                                "height=\"{}\"/><text x=\"24\" y=\"{}\">{} {}</text>\n",
                                left, y + 2, width - left - right, env_height - 4, y + 20, env,
                                html(history_.name_of(EnvId{env})));
        }
    }

    // Some six round times.
    void draw_axis() {
        const auto span = static_cast<double>(std::max<std::uint64_t>(last_ns_ - first_ns_, 1));
        double step = std::pow(10, std::floor(std::log10(span / 6)));
        while (span / step > 9) step *= span / step > 18 ? 5 : 2;
        const double unit = step >= 1e6 ? 1e6 : step >= 1e3 ? 1e3 : 1;
        const char* const name = unit == 1e6 ? "ms" : unit == 1e3 ? "us" : "ns";
        const auto first = static_cast<double>(first_ns_);
        for (double ns = std::ceil(first / step) * step; ns <= first + span; ns += step) {
            const double at = x(static_cast<std::uint64_t>(ns));
            out_ += fmt::format("<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" "
                                "y2=\"{2}\"/><text x=\"{0:.1f}\" y=\"{3}\" "
                                "text-anchor=\"middle\">{4:g} {5}</text>\n",
                                at, top, height_ - 26, height_ - 10, ns / unit, name);
        }
    }

    // Whose events a core's are, from the first to another's first.
    void draw_stretches() {
        struct Stretch {
            std::optional<EnvId> env;
            std::uint64_t since = 0;
        };
        std::vector<Stretch> now(history_.cores);
        const auto end = [&](std::uint32_t core, std::uint64_t ns) {
            if (now[core].env) draw_stretch(core, *now[core].env, now[core].since, ns);
        };
        for (const Event& event : history_.events) {
            const std::uint32_t core = core_of(event.env);
            if (core >= history_.cores || now[core].env == event.env) continue;
            end(core, event.time.value);
            now[core] = {event.env, event.time.value};
        }
        for (std::uint32_t core = 0; core < history_.cores; ++core) end(core, last_ns_);
    }

    void draw_stretch(std::uint32_t core, EnvId env, std::uint64_t from, std::uint64_t to) {
        const auto row = static_cast<std::size_t>(
            std::distance(rows_.begin(), rows_.find(env.value)));
        const double wide = std::max(x(to) - x(from), 0.3);
        const std::string name = html(history_.name_of(env));
        out_ += fmt::format("<rect x=\"{:.2f}\" y=\"{}\" width=\"{:.2f}\" height=\"{}\" "
                            "fill=\"{}\"><title>{}: {} to {} ns</title></rect>",
                            x(from), core_rows_[core] + 3, wide, core_height - 6,
                            series_colour(row, rows_.size()), name, from, to);
        constexpr double letter = 7;
        if (wide > letter * static_cast<double>(name.size() + 1)) {
            out_ += fmt::format("<text x=\"{:.1f}\" y=\"{}\">{}</text>\n", x(from) + 4,
                                core_rows_[core] + 17, name);
        }
    }

    struct Mark {
        std::uint64_t count = 0;
        const Event* first = nullptr;
    };

    // One a kind, environment and place of the drawing; the tallest behind all others.
    void draw_marks() {
        std::map<std::tuple<double, std::uint16_t, EventKind, std::int64_t>, Mark> marks;
        for (const Event& event : history_.events) {
            if (core_of(event.env) >= history_.cores) continue;
            const auto place = static_cast<std::int64_t>(x(event.time.value) / mark_width);
            const double depth = -look_of(event.kind).height;
            Mark& mark = marks[{depth, event.env.value, event.kind, place}];
            if (mark.count++ == 0) mark.first = &event;
        }
        for (const auto& [key, mark] : marks) {
            const auto& [depth, env, kind, place] = key;
            const Look look = look_of(kind);
            const double full = env_height - 4;
            const std::string more =
                mark.count > 1 ? fmt::format(" (and {} more)", mark.count - 1) : "";
            out_ += fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{}\" "
                                "height=\"{:.1f}\"><title>{}{}</title></rect>\n",
                                look.name, static_cast<double>(place) * mark_width,
                                rows_.at(env) + 2 + full * (1 - look.height), mark_width - 0.4,
                                full * look.height,
                                html(event_text(*mark.first, history_.cores > 1)), more);
        }
    }

    void draw_arrows() {
        std::vector<Arrow> arrows = transfers_of(history_);
        if (arrows.size() > arrows_max) arrows.resize(arrows_max);
        for (const Arrow& one : arrows) {
            const Event& from = history_.events[one.from];
            const Event& to = history_.events[one.to];
            out_ += fmt::format("<line class=\"arrow\" x1=\"{:.1f}\" y1=\"{}\" x2=\"{:.1f}\" "
                                "y2=\"{}\"/>",
                                x(from.time.value), rows_.at(from.env.value) + env_height / 2,
                                x(to.time.value), rows_.at(to.env.value) + env_height / 2);
        }
    }

    const History& history_;
    const std::string& title_;
    std::string out_;
    std::map<std::uint16_t, double> rows_;  // by EnvId: the top of its row
    std::vector<double> core_rows_;
    double height_ = 0;
    std::uint64_t first_ns_ = ~std::uint64_t{0};
    std::uint64_t last_ns_ = 0;
};

}  // namespace

std::string to_drawing(const History& history, const std::string& title) {
    return Drawing{history, title}.draw();
}

}  // namespace sim::testbed::timeline
