// Bus: a cell's devices, as the seam names them.
//
// A device is a class and windows of registers; how the machine found them (on PCI) and where it
// mapped them is its own business. Disk i of the cell is device i, for i < CellRecord::disk_count;
// a machine that has fewer refuses the cell.
//
// Semantics a machine owes:
// - A write of a register is ordered behind all stores that the core made before it.
// - An address that the kernel gives a device is a PhysAddr as view() takes it. The device reads
//   and writes there when it likes, until it is reset.
// - Accesses are of the width that the device's specification gives the register, 64-bit ones in
//   two halves ([virtio] 4.1.3.1, [nvme] 3.1). One outside of a window is the kernel's mistake.
#pragma once

#include <cstdint>

namespace kernel::machine {

enum class DeviceClass : std::uint32_t {
    none,
    virtio_blk,  // virtio 1.x over PCI, modern: windows common, notify, device
    nvme,        // window registers
};

enum class Window : std::uint8_t { common, notify, device, registers, window_count };
enum class Width : std::uint8_t { bits_8 = 1, bits_16 = 2, bits_32 = 4 };  // in bytes

struct Device {
    DeviceClass kind;
    std::uint32_t notify_stride;  // virtio: bytes between two queues' places in window notify
};

struct Register {
    std::uint32_t device;
    Window window;
    Width width;
    std::uint32_t offset;  // in bytes, a multiple of the width
};

}  // namespace kernel::machine
