// run_bare: runs the cells of a bundle on the bare machine, in QEMU.
//
// A cell that panics, hangs or garbles its report is one failed cell with a clear error: its
// machine is replaced by a new one that goes on behind it.
// Invariants: every QEMU is killed and reaped before the return; results are complete, one a
// cell, unless interrupted.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "sim/engine/cell_result.hpp"

namespace sim::testbed::boot {

// A disk of the virtual machine.
struct BareDisk {
    std::string image{};      // a raw file; empty: `bytes` of zeroes
    std::uint64_t bytes = 0;
    bool nvme = false;        // or a virtio block device
    bool keep = false;        // what is written is kept in the image, and not gone with the machine
};

struct BareOptions {
    std::string image;                        // the kernel: <build>/image/chitin.elf
    std::string qemu = "qemu-system-x86_64";
    std::string cpu = "max";
    std::string machine = "q35";
    std::string command_line;                 // the kernel's, e.g. selftest=wx
    std::string iso;                          // not empty: boot this instead of image and bundle
    std::string iso_device;                   // what `iso` is in: empty: a CD; or virtio, nvme
    std::string firmware;                     // with `iso`: a UEFI firmware file, or empty (BIOS)
    std::string log;                          // not empty: the serial lines are appended here
    // Not empty: the machine waits for gdb at this folder's socket "gdb", and writes its events to
    // the file "events" there. One machine: jobs is 1 then.
    std::string gdb_folder;
    std::vector<BareDisk> disks;              // of each machine; a cell with any has its own
    std::uint32_t jobs = 1;                   // machines at once
    std::uint64_t memory_mib = 0;             // 0: what the bundle needs
    std::uint32_t cores = 0;                  // of each machine; 0: what the bundle needs
    double cell_seconds_max = 600;            // host time one cell may take
    bool count_instructions = false;          // -icount: the TSC counts instructions
    std::function<void(const engine::CellResult&)> on_cell;  // as each is final
    std::function<bool()> interrupted;        // true: stop, keep what is finished
};

// The results in the order of the bundle's cells; those of interrupted cells are missing.
// Errors: no QEMU, no image, a malformed bundle, too much memory, a cell with more disks than are
// given, no room for the temporary files. EnvResult::name is taken out of the results; outcome and
// counters are the machine's.
std::expected<std::vector<engine::CellResult>, std::string> run_bare(
    std::span<const std::byte> bundle, const BareOptions& options);

}  // namespace sim::testbed::boot
