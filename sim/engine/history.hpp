// The cell's history: one number for what happened to each environment, the same on both
// machines.
//
// TraceHash covers the order in which events of different environments happened and needs a
// sink that sees each; this covers every event of every environment in its own order (the
// kernel's history hashes) and the virtual time each used, and needs nothing but the results.
#pragma once

#include "kernel/trace/history.hpp"
#include "sim/engine/cell_result.hpp"

namespace sim::engine {

inline std::uint64_t history_of(const CellResult& result) {
    std::uint64_t hash = kernel::trace::mix(kernel::trace::history_seed, result.outcome.time_ns);
    for (const EnvResult& env : result.envs) {
        for (const std::uint64_t word :
             {std::uint64_t{env.info.serial}, env.info.history_hash, env.info.history_events,
              env.info.time_ns}) {
            hash = kernel::trace::mix(hash, word);
        }
    }
    return hash;
}

}  // namespace sim::engine
