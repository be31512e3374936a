#pragma once

/// A history as JSON: an array, one event a line, so that lines can be searched for.

#include <string>

#include "sim/testbed/timeline/history.hpp"

namespace sim::testbed::timeline {

/// {"ns":N,"core":N,"env":N,"name":S,"what":S,"status":S,"words":[S...]}; times and numbers as the
/// kernel has them, words in hexadecimal.
[[nodiscard]] std::string to_event_lines(const History& history);

}  // namespace sim::testbed::timeline
