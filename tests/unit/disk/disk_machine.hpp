// DiskMachine: a hosted machine with disks, and a test as its kernel.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "kernel/drivers/disk.hpp"
#include "sim/machine/machine.hpp"

namespace tests::disk {

using kernel::abi::FrameNumber;
using kernel::abi::PhysAddr;
using kernel::abi::Status;
using kernel::drivers::Disk;
using kernel::drivers::Done;
using kernel::drivers::Op;
using kernel::drivers::Request;
using kernel::machine::BootInfo;
using kernel::machine::Core;
using sim::machine::disk::DiskSpec;
using sim::machine::disk::OverlayImage;

inline DiskSpec blank(std::uint64_t blocks) { return {std::make_shared<OverlayImage>(blocks)}; }

// Runs `body` as the kernel of one machine; what went wrong, as CellResult has it.
inline std::string on_machine(std::vector<DiskSpec> disks,
                              const std::function<void(Core&, const BootInfo&)>& body,
                              sim::machine::Director* director = nullptr) {
    kernel::abi::CellRecord cell{};
    cell.pool_frames = 512;
    cell.cores = 1;
    cell.disk_count = static_cast<std::uint16_t>(disks.size());
    sim::machine::MachineSpec spec{.bundle = {}, .cell = cell, .cell_index = 0, .programs = {},
                                   .options = {}};
    spec.options.disks = std::move(disks);
    spec.options.director = director;
    auto machine = sim::machine::Machine::create(std::move(spec));
    if (!machine) return machine.error();
    return machine
        ->run([&body](Core& core, const BootInfo& boot) {
            body(core, boot);
            return kernel::machine::Outcome{};
        })
        .error;
}

// The test's kernel: a driver, and pages of the pool.
class Kernel {
public:
    Kernel(Core& machine_core, const BootInfo& boot) : core{machine_core}, boot_{boot} {}

    kernel::base::Result<kernel::drivers::Info> start(std::uint32_t device = 0) {
        return disk.probe(core, device,
                          FrameNumber{boot_.disks_first.value +
                                      device * kernel::machine::disk_frames_each});
    }
    PhysAddr page(std::uint32_t index) const {
        return kernel::abi::address_of(FrameNumber{boot_.pool_first.value + index});
    }
    std::byte* view(std::uint32_t index) const { return core.view(page(index)); }
    void fill(std::uint32_t index, int value) const { std::memset(view(index), value, 4096); }
    bool filled(std::uint32_t index, int value) const {
        for (std::size_t i = 0; i < 4096; ++i) {
            if (view(index)[i] != static_cast<std::byte>(value)) return false;
        }
        return true;
    }

    // Pages from `first_page` on.
    Request request(Op op, std::uint64_t block, std::uint32_t count, std::uint32_t first_page,
                    std::uint16_t tag = 0) const {
        Request made{.op = op, .tag = tag, .count = count, .block = block, .pages = {}};
        for (std::uint32_t i = 0; i < count; ++i) made.pages[i] = page(first_page + i);
        return made;
    }
    std::optional<Done> wait() {
        for (std::uint32_t polls = 0; polls < 1000; ++polls) {
            if (const auto done = disk.poll()) return done;
        }
        return std::nullopt;
    }
    // Alone in flight.
    Status run(const Request& wanted) {
        if (!disk.submit(wanted)) return Status::busy;
        const auto done = wait();
        return done ? done->status : Status::again;
    }
    Status run(Op op, std::uint64_t block, std::uint32_t count, std::uint32_t first_page) {
        return run(request(op, block, count, first_page));
    }

    Core& core;
    Disk disk;

private:
    const BootInfo& boot_;
};

// With a kernel, whose first disk has started.
inline std::string with_disk(std::vector<DiskSpec> disks,
                             const std::function<void(Kernel&)>& body,
                             sim::machine::Director* director = nullptr) {
    const auto run = [&body](Core& core, const BootInfo& boot) {
        Kernel kernel{core, boot};
        ASSERT_TRUE(kernel.start().has_value());
        body(kernel);
        kernel.disk.stop();
    };
    return on_machine(std::move(disks), run, director);
}

}  // namespace tests::disk
