#pragma once

/// A history as a drawing: a row a core, beneath it one an environment, time from left to right.
///
/// A core's row is filled while one environment's events follow each other; an environment's has a
/// mark an event, faults and upcalls taller; control transfers are lines between rows. What an
/// event was is its tooltip. Where events lie closer than the drawing can show, one mark stands for
/// them, and says for how many.

#include <string>

#include "sim/testbed/timeline/history.hpp"

namespace sim::testbed::timeline {

/// An SVG file, complete by itself.
[[nodiscard]] std::string to_drawing(const History& history, const std::string& title);

}  // namespace sim::testbed::timeline
