#include "sim/testbed/report.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "sim/testbed/core_curves.hpp"
#include "sim/testbed/curves.hpp"
#include "sim/testbed/paging_summary.hpp"
#include "sim/testbed/plot.hpp"
#include "sim/testbed/table.hpp"

namespace sim::testbed {

namespace {

constexpr const char* head = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fdfdfc; --faint: #d8d8d4; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e6e3; --paper: #161618; --faint: #3a3a3e; } }
body { color: var(--ink); background: var(--paper); font: 15px/1.5 system-ui, sans-serif;
       max-width: 1240px; margin: 2em auto; padding: 0 1em; }
svg { width: 100%; max-width: 760px; height: auto; }
svg text { fill: var(--ink); font-size: 12px; } svg .title { font-weight: 600; font-size: 14px; }
.grid { stroke: var(--faint); } .series polyline { fill: none; stroke: var(--c); stroke-width: 2; }
.series circle, .series rect { fill: var(--c); }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(400px, 1fr)); gap: 1em; }
.dimmed .series { opacity: .12; } .dimmed .series.chosen { opacity: 1; }
.legend span { display: inline-block; margin: 0 .8em .2em 0; cursor: pointer; }
.legend i { display: inline-block; width: .9em; height: .9em; margin-right: .3em;
            background: var(--c); border-radius: 2px; vertical-align: -1px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .15em .7em; border-bottom: 1px solid var(--faint); text-align: right;
         white-space: nowrap; }
th { cursor: pointer; } td.text, th.text { text-align: left; }
pre { white-space: pre-wrap; }
</style>
)";

constexpr const char* script = R"(<script>
document.querySelectorAll('th').forEach(th => th.onclick = () => {
  const body = th.closest('table').tBodies[0], at = th.cellIndex, down = th.dataset.down !== '1';
  th.dataset.down = down ? '1' : '0';
  const value = row => row.cells[at].textContent;
  [...body.rows].sort((a, b) => {
    const x = parseFloat(value(a)), y = parseFloat(value(b));
    const order = isNaN(x) || isNaN(y) ? value(a).localeCompare(value(b)) : x - y;
    return down ? order : -order;
  }).forEach(row => body.append(row));
});
document.querySelectorAll('.legend span').forEach(item => {
  const all = item.closest('section');
  const mark = on => {
    all.classList.toggle('dimmed', on);
    all.querySelectorAll('.series').forEach(s =>
      s.classList.toggle('chosen', on && s.dataset.series === item.dataset.series));
  };
  item.onmouseenter = () => mark(true);
  item.onmouseleave = () => mark(false);
});
</script>
)";

// With its unit, if that is a percent sign.
bool is_number(const std::string& cell) {
    double value;
    const char* const end = cell.data() + cell.size();
    const auto read = std::from_chars(cell.data(), end, value);
    const std::string_view rest{read.ptr, end};
    return read.ec == std::errc{} && (rest.empty() || rest == "%");
}

std::string table_html(const Table& table) {
    std::string out = fmt::format("<h2>{}</h2>\n<div class=\"scroll\"><table><thead><tr>",
                                  html(table.title));
    for (const std::string& column : table.columns) {
        out += fmt::format("<th title=\"sort\">{}</th>", html(column));
    }
    out += "</tr></thead><tbody>\n";
    for (const auto& row : table.rows) {
        out += "<tr>";
        for (const std::string& cell : row) {
            const char* const kind = is_number(cell) ? "" : " class=\"text\"";
            out += fmt::format("<td{}>{}</td>", kind, html(cell));
        }
        out += "</tr>\n";
    }
    return out + "</tbody></table></div>\n";
}

Plot paging_plot(const std::vector<PagingPoint>& points, const std::string& group,
                 std::size_t view, double y_min, double y_max) {
    Plot plot{.title = fmt::format("View: {}", paging_views[view]),
              .x_label = "memory (frames)",
              .y_label = "misses / references (%)",
              .series = {},
              .log_x = true,
              .y_max = y_max,
              .log_y = true,
              .y_min = y_min};
    for (const PagingPoint& point : points) {
        if (point.group != group) continue;
        auto series = std::ranges::find(plot.series, point.policy, &Series::name);
        if (series == plot.series.end()) {
            series = plot.series.insert(plot.series.end(), Series{point.policy, {}});
        }
        if (const auto& result = point.views[view]) {
            series->points.emplace_back(static_cast<double>(point.frames), 100 * result->ratio());
        }
    }
    return plot;
}

std::string paging_section(const std::vector<PagingPoint>& points) {
    std::set<std::string> groups;
    for (const PagingPoint& point : points) groups.insert(point.group);
    std::string out;
    for (const std::string& group : groups) {
        double y_min = 100, y_max = 0;
        for (const PagingPoint& point : points) {
            if (point.group != group) continue;
            for (const auto& view : point.views) {
                if (!view) continue;
                y_max = std::max(y_max, 100 * view->ratio());
                y_min = std::min(y_min, 100 * view->ratio());
            }
        }
        const Plot first = paging_plot(points, group, 0, y_min, y_max);
        out += fmt::format("<section><h2>{}</h2>\n<div class=\"plots\">{}{}</div>\n{}</section>\n",
                           html(group.empty() ? "Miss ratio against memory" : group),
                           to_svg(first), to_svg(paging_plot(points, group, 1, y_min, y_max)),
                           legend(first.series));
    }
    return out + "<p>xOPT: misses divided by those of OPT, which knows the future and sees every "
                 "reference, with the same memory. refs: the policy saw every reference. bits: it "
                 "saw the page table's accessed and dirty bits and the faults.</p>\n";
}

// Result lines that say how something went from hand to hand over time: drawn a line each `who`.
struct Timeline {
    const char* title;
    const char* x;  // keys of the result line
    const char* y;
    const char* who;
    double x_unit;
    const char* x_label;
    const char* y_label;
};
constexpr Timeline timelines[] = {
    {"Frames held over time", "now_ns", "frames", "tenant", 1e6, "virtual time (ms)",
     "frames held"},
    {"Share of the core over time", "window", "got_permille", "who", 1, "window",
     "permille of the core"},
};

std::string timeline_section(const Timeline& timeline, const std::vector<Json>& records) {
    std::map<std::string, std::map<std::string, Series>> cells;
    for (const Row& row : rows_of(records)) {
        const Json& line = row.cells;
        const auto number = [&line](const char* key) {
            return line.contains(key) && line[key].is_number();
        };
        if (!number(timeline.x) || !number(timeline.y)) continue;
        const std::string who =
            plain_text(line.contains(timeline.who) ? line[timeline.who] : line["environment"]);
        Series& series = cells[(*row.record)["name"].get<std::string>()][who];
        series.name = who;
        series.points.emplace_back(line[timeline.x].get<double>() / timeline.x_unit,
                                   line[timeline.y].get<double>());
    }
    std::string out;
    for (auto& [cell, by_name] : cells) {
        Plot plot{.title = cell, .x_label = timeline.x_label, .y_label = timeline.y_label,
                  .series = {}};
        for (auto& [name, series] : by_name) {
            std::ranges::stable_sort(series.points, {}, &std::pair<double, double>::first);
            plot.series.push_back(series);
        }
        out += "<section>" + to_svg(plot) + legend(plot.series) + "</section>\n";
    }
    if (out.empty()) return out;
    return fmt::format("<h2>{}</h2>\n<div class=\"plots\">{}</div>\n", timeline.title, out);
}

std::string failures(const std::vector<Json>& records) {
    std::string out;
    for (const Json& record : records) {
        if (record["ok"].get<bool>()) continue;
        out += fmt::format("<li>{}: <pre>{}</pre></li>\n", html(plain_text(record["name"])),
                           html(plain_text(record["error"])));
    }
    return out.empty() ? out : "<h2>Failed cells</h2>\n<ul>" + out + "</ul>\n";
}

}  // namespace

std::string make_report(const Scenario& scenario, const std::vector<Json>& records) {
    const std::string title = scenario.title.empty() ? scenario.name : scenario.title;
    std::string out = head;
    out += fmt::format("<title>{0}</title></head><body><h1>{0}</h1>\n<p>{1} of {2} cells.</p>\n",
                       html(title), records.size(), scenario.cells.size());
    out += failures(records);
    const std::vector<PagingPoint> points = paging_points(records);
    if (!points.empty()) out += paging_section(points);
    out += curve_sections(scenario.plots, records);
    for (const Timeline& timeline : timelines) out += timeline_section(timeline, records);
    out += core_curve_sections(records);
    for (const Table& table : make_tables(records, scenario.columns)) out += table_html(table);
    out += fmt::format("<h2>Scenario</h2>\n<pre>{}</pre>\n", html(scenario.resolved));
    return out + script + "</body></html>\n";
}

}  // namespace sim::testbed
