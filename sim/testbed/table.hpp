#pragma once

/// Tables: results as rows of text, for a terminal and for the report.

#include <string>
#include <vector>

#include "sim/testbed/record.hpp"

namespace sim::testbed {

struct Table {
    std::string title;
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows;  ///< as many as there are columns

    /// Aligned for a fixed-width font: numbers to the right.
    [[nodiscard]] std::string text() const;
};

/// The tables that show `records` best: one for a paging sweep, else one for each kind of result
/// line, and one of the cells themselves. `columns`: of the result lines, empty for all.
[[nodiscard]] std::vector<Table> make_tables(const std::vector<Json>& records,
                                             const std::vector<std::string>& columns);

}  // namespace sim::testbed
