// CellResult: what one run of one machine gave, whichever machine it was.
//
// Invariant: everything but host_seconds and `error` is a function of sources, bundle and cell.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernel/abi/event.hpp"
#include "kernel/abi/info.hpp"
#include "kernel/machine/boot_info.hpp"

namespace sim::engine {

struct EnvResult {
    std::uint16_t id = 0;              // machine_wide(); may be reused within a cell
    kernel::abi::EnvInfo info{};       // its last record; info.serial tells environments apart
    std::string name;                  // from its {"env": ...} result line, or empty
    std::vector<std::string> results;  // JSON objects, one a line
    std::string text;
};

using kernel::abi::machine_wide;
constexpr std::uint32_t core_of(const EnvResult& env) {
    return env.id / kernel::abi::environments_max;
}

struct CellResult {
    std::uint32_t cell = 0;
    kernel::machine::Outcome outcome{};
    std::vector<EnvResult> envs;              // by core, then serial
    std::uint64_t trace_hash = 0;             // over all events with their times; 0 on bare
    std::uint64_t trace_events = 0;
    std::vector<kernel::abi::Event> events;   // only where the cell asked for trace_full
    double host_seconds = 0;
    std::string error;                        // empty: the cell ran to its end
};

}  // namespace sim::engine
