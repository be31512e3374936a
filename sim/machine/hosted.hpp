// The hosted machine: runs one cell of a bundle in this process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "sim/engine/cell_result.hpp"
#include "sim/machine/disk/bus.hpp"

namespace sim::machine {

class Director;
class Machine;

struct HostedOptions {
    std::uint64_t window_base = 0;      // 0: the build's default; else 512 GiB aligned
    std::uint32_t tlb_pages = 16384;    // host mappings kept at most
    // CPU time without a kernel entry before an environment is stopped and reported.
    double watchdog_seconds = 10;
    // Called after every event, in test builds: checkers verify whole-system invariants here.
    std::function<void(const kernel::abi::Event&)> after_event;
    // Called after every event too, with the machine's memory from pool_first on.
    std::function<void(std::span<std::byte> pool)> verify;
    // Who interferes within what hardware may do (director.hpp); null: nobody.
    Director* director = nullptr;
    // Called once, before the first core starts: where a debugger begins (sim/cli/debug_cell.cpp).
    std::function<void(const Machine&)> on_machine;
    // The cell's disks, in the order of their records; not fewer than it has.
    std::vector<disk::DiskSpec> disks;
    // Where console text goes as it is printed (besides the result); empty: nowhere.
    std::function<void(std::uint16_t env, std::string_view text)> on_text;
    // The same for result lines; a piece is not always a line.
    std::function<void(std::uint16_t env, std::string_view text)> on_result;
};

// Errors (in CellResult::error): a malformed bundle, memory the host refuses, a window that
// is taken, a runaway (with its stack). Never throws for those.
engine::CellResult run_hosted(std::span<const std::byte> bundle, std::uint32_t cell,
                              const HostedOptions& options);

}  // namespace sim::machine
