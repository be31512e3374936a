// A shipped scenario's cell, ready to be explored.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sim/explore/campaign.hpp"

namespace tests::explore {

struct Cell {
    std::vector<std::byte> bundle;
    sim::explore::Subject subject;  // refers to `bundle`
};

// With its baseline learnt; fails the test where that fails.
Cell cell_of(const std::string& scenario, std::uint32_t number,
             const std::vector<std::string>& settings = {});

}  // namespace tests::explore
