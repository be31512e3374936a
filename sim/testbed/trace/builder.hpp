#pragma once

/// The builder: turns one record after another into a Trace.
///
/// Invariants: as Trace; errors are returned, never thrown, and name no place (the reader adds it).

#include <cstdint>
#include <optional>
#include <string_view>

#include "sim/testbed/trace/page_index.hpp"
#include "sim/testbed/trace/trace.hpp"

namespace sim::testbed::trace {

class Builder {
public:
    explicit Builder(bool weights) : weights_{weights} {}

    /// One reference. False when the trace has become too long or too wide.
    [[nodiscard]] bool add(std::uint64_t id) {
        if (trace_.page.size() >= references_max || index_.full()) return false;
        trace_.page.push_back(index_.number(id));
        return true;
    }

    [[nodiscard]] bool add_sized(std::uint64_t id, std::uint32_t weight) {
        if (weights_) trace_.weight.push_back(weight);
        return add(id);
    }

    [[nodiscard]] bool add_access(std::uint64_t id, bool write) {
        trace_.write.push_back(write ? 1 : 0);
        return add(id);
    }

    /// Whether the reference just added was a write, and taking all such notes back.
    void note_write(bool write) { trace_.write.push_back(write ? 1 : 0); }
    void forget_writes() { trace_.write = {}; }

    [[nodiscard]] bool empty() const { return trace_.page.empty(); }

    [[nodiscard]] Trace finish() {
        trace_.ids = index_.take_ids();
        return std::move(trace_);
    }

private:
    bool weights_;
    Trace trace_;
    PageIndex index_;
};

}  // namespace sim::testbed::trace
