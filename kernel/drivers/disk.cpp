#include "kernel/drivers/disk.hpp"

namespace kernel::drivers {

using machine::DeviceClass;

static_assert(VirtioBlk::frames <= disk_driver_frames && Nvme::frames <= disk_driver_frames);

base::Result<Info> Disk::probe(machine::Core& core, std::uint32_t device,
                               abi::FrameNumber memory) {
    kind_ = core.device(device).kind;
    switch (kind_) {
        case DeviceClass::virtio_blk: return virtio_.probe(core, device, memory);
        case DeviceClass::nvme: return nvme_.probe(core, device, memory);
        default: return base::error(abi::Status::io_error);
    }
}

bool Disk::submit(const Request& request) {
    switch (kind_) {
        case DeviceClass::virtio_blk: return virtio_.submit(request);
        case DeviceClass::nvme: return nvme_.submit(request);
        default: return false;
    }
}

std::optional<Done> Disk::poll() {
    switch (kind_) {
        case DeviceClass::virtio_blk: return virtio_.poll();
        case DeviceClass::nvme: return nvme_.poll();
        default: return std::nullopt;
    }
}

void Disk::stop() {
    switch (kind_) {
        case DeviceClass::virtio_blk: return virtio_.stop();
        case DeviceClass::nvme: return nvme_.stop();
        default: return;
    }
}

std::uint32_t Disk::in_flight() const {
    switch (kind_) {
        case DeviceClass::virtio_blk: return virtio_.in_flight();
        case DeviceClass::nvme: return nvme_.in_flight();
        default: return 0;
    }
}

}  // namespace kernel::drivers
