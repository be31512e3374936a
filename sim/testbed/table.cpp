#include "sim/testbed/table.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sim/testbed/paging_summary.hpp"

namespace sim::testbed {

namespace {

constexpr const char* nothing = "-";
constexpr std::size_t hash_digits = 8;

bool numeric(std::string_view text) {
    return text == nothing || (!text.empty() && (text[0] == '-' || (text[0] >= '0' &&
                                                                    text[0] <= '9')));
}

// Counts what a terminal shows, not UTF-8's bytes.
std::size_t width(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

std::string milliseconds(std::uint64_t ns) {
    return fmt::format("{:.2f}", static_cast<double>(ns) / 1e6);
}

Table paging_table(const std::vector<PagingPoint>& points) {
    Table table{.title = "Page replacement: each policy with all references in sight, and with "
                         "the page table's accessed bits only",
                .columns = {},
                .rows = {}};
    const bool grouped = std::ranges::any_of(
        points, [](const PagingPoint& point) { return !point.group.empty(); });
    if (grouped) table.columns.emplace_back("workload");
    for (const char* name :
         {"memory", "frames", "policy", "miss% refs", "miss% bits", "xOPT refs", "xOPT bits",
          "faults refs", "faults bits", "virtual ms refs", "virtual ms bits", "host s",
          "hash refs", "hash bits"}) {
        table.columns.emplace_back(name);
    }
    for (const PagingPoint& point : points) {
        std::vector<std::string> row;
        if (grouped) row.push_back(point.group);
        row.insert(row.end(), {point.label, std::to_string(point.frames), point.policy});
        auto both = [&](auto&& show) {
            for (const auto& view : point.views) row.push_back(view ? show(*view) : nothing);
        };
        both([](const PagingResult& r) { return fmt::format("{:.3f}", 100 * r.ratio()); });
        both([&](const PagingResult& r) {
            const auto distance = distance_to_opt(points, point, r);
            return distance ? fmt::format("{:.2f}", *distance) : std::string{nothing};
        });
        both([](const PagingResult& r) { return std::to_string(r.faults); });
        both([](const PagingResult& r) { return milliseconds(r.time_ns); });
        double host = 0;
        for (const auto& view : point.views) host += view ? view->host_seconds : 0;
        row.push_back(fmt::format("{:.2f}", host));
        both([](const PagingResult& r) { return r.trace_hash.substr(0, hash_digits); });
        table.rows.push_back(std::move(row));
    }
    return table;
}

bool wanted(const std::vector<std::string>& columns, const std::string& key) {
    return columns.empty() || std::ranges::find(columns, key) != columns.end();
}

std::vector<std::string> keys_of(const Json& object) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : object.items()) keys.push_back(key);
    return keys;
}

// Result lines with the same keys make one table.
std::vector<Table> result_tables(const std::vector<Json>& records,
                                 const std::vector<std::string>& columns) {
    std::vector<Table> tables;
    std::vector<std::vector<std::string>> kinds;
    for (const Row& row : rows_of(records)) {
        const std::vector<std::string> keys = keys_of(row.cells);
        auto kind = std::ranges::find(kinds, keys);
        if (kind == kinds.end()) {
            kind = kinds.insert(kinds.end(), keys);
            Table table;
            table.title = "Results of " + plain_text(row.cells["environment"]);
            for (const std::string& key : keys) {
                if (wanted(columns, key)) table.columns.push_back(key);
            }
            tables.push_back(std::move(table));
        }
        Table& table = tables[static_cast<std::size_t>(kind - kinds.begin())];
        std::vector<std::string> cells;
        for (const std::string& key : table.columns) cells.push_back(plain_text(row.cells[key]));
        table.rows.push_back(std::move(cells));
    }
    std::erase_if(tables, [](const Table& table) { return table.columns.empty(); });
    return tables;
}

Table cell_table(const std::vector<Json>& records) {
    Table table{.title = "Cells", .columns = {"cell"}, .rows = {}};
    if (!records.empty()) {
        for (const std::string& axis : keys_of(records.front()["axes"])) {
            table.columns.push_back(axis);
        }
    }
    for (const char* name : {"exit", "virtual ms", "host s", "events", "trace hash"}) {
        table.columns.emplace_back(name);
    }
    for (const Json& record : records) {
        std::vector<std::string> row{plain_text(record["cell"])};
        for (const auto& [axis, value] : record["axes"].items()) row.push_back(plain_text(value));
        row.push_back(plain_text(record["exit_code"]));
        row.push_back(milliseconds(record["time_ns"].get<std::uint64_t>()));
        row.push_back(fmt::format("{:.3f}", record["host_seconds"].get<double>()));
        row.push_back(plain_text(record["trace_events"]));
        row.push_back(plain_text(record["trace_hash"]));
        table.rows.push_back(std::move(row));
    }
    return table;
}

}  // namespace

std::string Table::text() const {
    std::vector<std::size_t> widths;
    std::vector<bool> right;
    for (std::size_t c = 0; c < columns.size(); ++c) {
        std::size_t widest = width(columns[c]);
        bool numbers = !rows.empty();
        for (const auto& row : rows) {
            widest = std::max(widest, width(row[c]));
            numbers = numbers && numeric(row[c]);
        }
        widths.push_back(widest);
        right.push_back(numbers);
    }
    auto line = [&](const std::vector<std::string>& cells) {
        std::string out;
        for (std::size_t c = 0; c < cells.size(); ++c) {
            const std::string space(widths[c] - width(cells[c]), ' ');
            out += (c == 0 ? "" : "  ") + (right[c] ? space + cells[c] : cells[c] + space);
        }
        out.erase(out.find_last_not_of(' ') + 1);
        return out + "\n";
    };
    std::string out = title.empty() ? "" : title + "\n\n";
    out += line(columns);
    for (const auto& row : rows) out += line(row);
    return out;
}

std::vector<Table> make_tables(const std::vector<Json>& records,
                               const std::vector<std::string>& columns) {
    const std::vector<PagingPoint> points = paging_points(records);
    if (!points.empty()) return {paging_table(points)};
    std::vector<Table> tables = result_tables(records, columns);
    tables.push_back(cell_table(records));
    return tables;
}

}  // namespace sim::testbed
