#include "sim/testbed/paging_summary.hpp"

#include <algorithm>

namespace sim::testbed {

namespace {

bool is_paging(const Json& row) {
    for (const char* key : {"frames", "misses", "references"}) {
        if (!row.contains(key) || !row[key].is_number_unsigned()) return false;
    }
    return row.contains("policy") && row["policy"].is_string() && row.contains("view") &&
           row["view"].is_string();
}

// What tells workloads apart: the axes that are none of the table's own and, where a cell has
// several cores, the environment.
std::string group_of(const Row& row) {
    const Json& axes = (*row.record)["axes"];
    std::string group;
    if (row.record->contains("cores")) group = plain_text(row.cells["environment"]);
    for (const auto& [name, value] : axes.items()) {
        const std::string argument = name.substr(name.find('.') + 1);
        if (argument == "policy" || argument == "frames" || argument == "view") continue;
        group += (group.empty() ? "" : " ") + plain_text(value);
    }
    return group;
}

std::string label_of(const Json& axes, std::uint64_t frames) {
    for (const auto& [name, value] : axes.items()) {
        if (name.substr(name.find('.') + 1) == "frames") return plain_text(value);
    }
    return std::to_string(frames);
}

PagingResult result_of(const Row& row) {
    PagingResult result;
    result.misses = row.cells["misses"].get<std::uint64_t>();
    result.references = row.cells["references"].get<std::uint64_t>();
    result.faults = (*row.environment)["faults"].get<std::uint64_t>();
    result.time_ns = (*row.record)["time_ns"].get<std::uint64_t>();
    result.host_seconds = (*row.record)["host_seconds"].get<double>();
    result.trace_hash = (*row.record)["trace_hash"].get<std::string>();
    return result;
}

}  // namespace

double PagingResult::ratio() const {
    if (references == 0) return 0;
    return static_cast<double>(misses) / static_cast<double>(references);
}

std::vector<PagingPoint> paging_points(const std::vector<Json>& records) {
    std::vector<PagingPoint> points;
    for (const Row& row : rows_of(records)) {
        if (!is_paging(row.cells)) continue;
        const auto view = std::ranges::find(paging_views, row.cells["view"].get<std::string>());
        if (view == paging_views.end()) continue;
        const Json& axes = (*row.record)["axes"];
        PagingPoint point{.group = group_of(row),
                          .policy = row.cells["policy"].get<std::string>(),
                          .frames = row.cells["frames"].get<std::uint64_t>(),
                          .label = {},
                          .views = {}};
        point.label = label_of(axes, point.frames);
        auto found = std::ranges::find_if(points, [&point](const PagingPoint& other) {
            return other.group == point.group && other.policy == point.policy &&
                   other.frames == point.frames;
        });
        if (found == points.end()) found = points.insert(points.end(), std::move(point));
        found->views[static_cast<std::size_t>(view - paging_views.begin())] = result_of(row);
    }
    std::ranges::stable_sort(points, [](const PagingPoint& a, const PagingPoint& b) {
        return std::tie(a.group, a.frames) < std::tie(b.group, b.frames);
    });
    return points;
}

std::optional<double> distance_to_opt(const std::vector<PagingPoint>& points,
                                      const PagingPoint& point, const PagingResult& result) {
    for (const PagingPoint& other : points) {
        if (other.policy != "opt" || other.group != point.group || other.frames != point.frames) {
            continue;
        }
        const auto& opt = other.views[0];
        if (!opt || opt->misses == 0) return std::nullopt;
        return static_cast<double>(result.misses) / static_cast<double>(opt->misses);
    }
    return std::nullopt;
}

}  // namespace sim::testbed
