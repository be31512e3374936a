// Journal: what a machine reports while it runs a cell, put together into a CellResult.
//
// Environments' numbers are reused within a cell, so an environment's lines are collected
// under its number until its last record comes, and kept by its serial from then on. Numbers
// are here those of the whole machine (machine_wide).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/abi/call.hpp"
#include "kernel/abi/event.hpp"
#include "kernel/abi/info.hpp"
#include "sim/engine/cell_result.hpp"
#include "sim/engine/trace_hash.hpp"

namespace sim::engine {

class Journal {
public:
    Journal(bool keep_events, std::size_t cores)
        : keep_events_{keep_events}, open_(cores * kernel::abi::environments_max) {}

    void print(kernel::abi::EnvId env, kernel::abi::Channel channel, std::string_view text);
    void event(const kernel::abi::Event& event) {
        hash_.add(event);
        if (keep_events_) result_.events.push_back(event);
    }
    void env_ended(kernel::abi::EnvId env, const kernel::abi::EnvInfo& info);

    // Everything so far; the journal is empty then. Environments that never ended come last.
    CellResult finish();

private:
    // An environment that has not ended.
    struct Open {
        EnvResult env;
        std::string line;  // of the result channel, not complete yet
        bool used = false;
    };

    Open& open(kernel::abi::EnvId env);
    static void add_line(EnvResult& env, std::string line);

    bool keep_events_;
    TraceHash hash_;
    CellResult result_;
    std::vector<Open> open_;
};

}  // namespace sim::engine
