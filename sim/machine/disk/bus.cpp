#include "sim/machine/disk/bus.hpp"

namespace sim::machine::disk {

using kernel::machine::Device;
using kernel::machine::DeviceClass;
using kernel::machine::Register;

Bus::Bus(std::span<const DiskSpec> disks, std::span<std::byte> ram, std::uint64_t first,
         const AskSite& ask)
    : dma_{ram, first, problem_}, specs_{disks.begin(), disks.end()} {
    for (const DiskSpec& spec : specs_) {
        disks_.push_back(
            std::make_unique<VirtioBlkModel>(
                devices(), FaultyMedium{WriteCache{spec.image, spec.log}, ask}, dma_));
    }
}

bool Bus::known(std::uint32_t number) {
    if (number < devices()) return true;
    dma_.complain("the kernel asked for device " + std::to_string(number) + " of " +
                  std::to_string(devices()));
    return false;
}

Device Bus::device(std::uint32_t number) {
    return known(number) ? VirtioBlkModel::description() : Device{DeviceClass::none, 0};
}

std::uint32_t Bus::read(const Register& place) {
    return known(place.device) ? disks_[place.device]->read(place) : ~std::uint32_t{0};
}

void Bus::write(const Register& place, std::uint32_t value) {
    if (known(place.device)) disks_[place.device]->write(place, value);
}

std::string Bus::power_off() {
    for (std::uint32_t i = 0; i < devices(); ++i) {
        if (!disks_[i]->power_off(specs_[i].lose_unflushed)) {
            dma_.complain("disk " + std::to_string(i) + ": the host refused to write its image");
        }
    }
    return problem_;
}

}  // namespace sim::machine::disk
