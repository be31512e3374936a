// ProtocolReader: the bare machine's serial line -> CellResults.
//
// The format is told in kernel/bare/x86_64/report.hpp. What comes in is an allegation: a wild
// machine may print anything, so every number, order and size is checked, nothing grows
// without a bound, and the first line that does not fit ends the reading with a sentence.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/engine/cell_result.hpp"

namespace sim::testbed::boot {

class ProtocolReader {
public:
    // `on_cell` gets each cell as its end line arrives; cells count from 0.
    explicit ProtocolReader(std::function<void(engine::CellResult)> on_cell)
        : on_cell_{std::move(on_cell)} {}

    void feed(std::string_view bytes);

    bool done() const { return done_; }                     // #done was seen
    const std::string& panic() const { return panic_; }     // message and backtrace, or empty
    const std::string& malformed() const { return malformed_; }
    bool cell_open() const { return open_; }
    // The cell that has begun and not ended, with what it has said so far.
    engine::CellResult take_open();

private:
    struct Output {
        std::string text;
        std::string results;  // complete and partial lines
    };

    void line(std::string_view line);
    bool record(std::string_view kind, std::string_view rest);
    bool cell(std::string_view rest);
    bool output(std::string_view rest, bool result);
    bool env(std::string_view rest);
    engine::EnvResult take_env(std::uint16_t id);

    std::function<void(engine::CellResult)> on_cell_;
    std::string partial_;
    engine::CellResult current_;
    std::map<std::uint16_t, Output> outputs_;
    std::size_t cell_bytes_ = 0;
    std::uint32_t next_cell_ = 0;
    bool open_ = false;
    bool done_ = false;
    std::string panic_;
    std::string malformed_;
};

}  // namespace sim::testbed::boot
