#pragma once

/// A history for Perfetto (ui.perfetto.dev): a track a core, beneath it one an environment.
///
/// A core's track has a slice for each stretch of one environment's events; an environment's has
/// its events. A control transfer is a flow: from the call to where the server got it, and from
/// the reply to where the caller did.
/// Source: perfetto.dev, "Synthetic TrackEvent", and the field numbers of trace_packet.proto,
/// track_event.proto, track_descriptor.proto.

#include <string>

#include "sim/testbed/timeline/history.hpp"

namespace sim::testbed::timeline {

/// The bytes of a .perfetto-trace file: a protobuf message `Trace`.
[[nodiscard]] std::string to_perfetto(const History& history);

}  // namespace sim::testbed::timeline
