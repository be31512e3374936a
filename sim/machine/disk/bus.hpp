#pragma once

/// Bus: the disks of one machine, by their numbers. The seam's device calls end here.

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernel/machine/bus.hpp"
#include "sim/machine/disk/disk_image.hpp"
#include "sim/machine/disk/dma.hpp"
#include "sim/machine/disk/virtio_blk_model.hpp"

namespace sim::machine::disk {

/// A disk that a machine is given.
struct DiskSpec {
    std::shared_ptr<DiskImage> image;
    bool lose_unflushed = false;  ///< at the machine's end, as when its power fails
    WriteLog* log = nullptr;      ///< outlives the machine; null: nobody is told
};

class Bus {
public:
    /// `ram` begins at the physical address `first`.
    Bus(std::span<const DiskSpec> disks, std::span<std::byte> ram, std::uint64_t first,
        const AskSite& ask);
    Bus(const Bus&) = delete;
    Bus& operator=(const Bus&) = delete;

    [[nodiscard]] std::uint32_t devices() const {
        return static_cast<std::uint32_t>(disks_.size());
    }
    /// As the seam says (kernel/machine/machine.hpp). A device that is none is a complaint.
    [[nodiscard]] kernel::machine::Device device(std::uint32_t number);
    std::uint32_t read(const kernel::machine::Register& place);
    void write(const kernel::machine::Register& place, std::uint32_t value);

    /// The machine's end. What was wrong, in one sentence: what the kernel did to a device, or a
    /// host that refuses; empty: nothing.
    std::string power_off();

private:
    bool known(std::uint32_t number);

    std::string problem_;
    Dma dma_;
    std::vector<DiskSpec> specs_;
    std::vector<std::unique_ptr<VirtioBlkModel>> disks_;
};

}  // namespace sim::machine::disk
