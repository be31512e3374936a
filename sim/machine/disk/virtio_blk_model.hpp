#pragma once

/// VirtioBlkModel: a virtio block device, by its registers ([virtio] 1.2: 4.1.4.3, 5.2).
///
/// What the kernel under test does wrong is told (Dma::complain) and the device then needs a reset,
/// as [virtio] 2.1.1 has it; it never fails the simulator. Requests are in whole blocks of 4096
/// bytes, which is the block size it says it has: a request of less ends with an error.
///
/// Requests are done when the driver notifies, or where a site makes them late (site.hpp) at the
/// n-th look at the device's status. Real devices are later: what the kernel shows of it is virtual
/// time's business.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "kernel/machine/bus.hpp"
#include "sim/machine/disk/dma.hpp"
#include "sim/machine/disk/faulty_medium.hpp"
#include "sim/machine/disk/virtqueue_model.hpp"

namespace sim::machine::disk {

class VirtioBlkModel {
public:
    static constexpr std::uint16_t queue_size_max = 128;

    /// `number` is for complaints; `dma` outlives it.
    VirtioBlkModel(std::uint32_t number, FaultyMedium medium, const Dma& dma)
        : number_{number}, medium_{std::move(medium)}, dma_{dma}, queue_{dma} {}

    [[nodiscard]] static kernel::machine::Device description() {
        return {kernel::machine::DeviceClass::virtio_blk, 4};
    }
    std::uint32_t read(const kernel::machine::Register& place);
    void write(const kernel::machine::Register& place, std::uint32_t value);

    /// The end of the machine. False: the host refused to keep what was written.
    [[nodiscard]] bool power_off(bool lose_unflushed);

private:
    struct Parts;
    struct Late {
        Chain chain;
        std::uint64_t looks;  // at the status, until it is done
    };

    void reset();
    void set_status(std::uint32_t value);
    void set_queue(std::uint32_t offset, std::uint32_t value);
    void enable_queue();
    void notify(std::uint32_t queue);
    void serve(const Chain& chain);
    void serve_late();
    std::uint8_t answer(const Parts& parts);
    bool move(std::uint64_t block, std::span<const Segment> data, bool writes);
    void broken(const std::string& what);
    void wrong(const kernel::machine::Register& place, const char* what);
    [[nodiscard]] std::uint64_t sectors() const;

    std::uint32_t number_;
    FaultyMedium medium_;
    const Dma& dma_;
    VirtqueueModel queue_;
    QueueRegisters registers_{.size = queue_size_max};
    std::uint32_t status_ = 0;
    std::uint32_t device_half_ = 0;
    std::uint32_t driver_half_ = 0;
    std::uint32_t selected_ = 0;
    std::array<std::uint32_t, 2> accepted_{};
    std::vector<Late> late_;
};

}  // namespace sim::machine::disk
