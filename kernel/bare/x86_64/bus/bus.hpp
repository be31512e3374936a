// Bus: the machine's disks, as PCI has them: virtio block devices and NVMe controllers.
//
// They are numbered in the order of their places on PCI: bus, device, function. Core 0's alone.
#pragma once

#include <cstdint>

#include "kernel/machine/bus.hpp"

namespace kernel::bare {

// Looks for disks until there are `wanted`, and maps their registers; returns how many there are.
// No device is touched when none is wanted. After the final paging.
std::uint32_t bus_start(std::uint32_t wanted);

// As the seam says (kernel/machine/machine.hpp).
machine::Device bus_device(std::uint32_t number);
std::uint32_t bus_read(const machine::Register& place);
void bus_write(const machine::Register& place, std::uint32_t value);

}  // namespace kernel::bare
