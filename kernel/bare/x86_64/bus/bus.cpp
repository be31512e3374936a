#include "kernel/bare/x86_64/bus/bus.hpp"

#include "kernel/abi/bundle.hpp"
#include "kernel/bare/x86_64/bus/pci.hpp"
#include "kernel/bare/x86_64/paging.hpp"
#include "kernel/base/assert.hpp"

namespace kernel::bare {
namespace {

using machine::DeviceClass;
using machine::Register;
using machine::Width;
using machine::Window;

constexpr std::uint32_t window_bytes_max = 4 * 4096;
constexpr std::uint32_t no_function = 0xffff'ffff;

struct Mapped {
    std::byte* begin;
    std::uint32_t bytes;
};

struct BusDevice {
    machine::Device device;
    Mapped windows[static_cast<unsigned>(Window::window_count)];
};

// Core 0's: written before the first cell.
constinit BusDevice devices[abi::cell_disks_max] = {};
constinit std::uint32_t count = 0;

bool map(BusDevice& device, Window window, std::uint64_t physical, std::uint32_t bytes) {
    bytes = bytes < window_bytes_max ? bytes : window_bytes_max;
    std::byte* const begin = paging_map_device(physical, bytes);
    device.windows[static_cast<unsigned>(window)] = {begin, bytes};
    return begin != nullptr;
}

// Capabilities of the vendor's say where the windows are ([virtio] 4.1.4).
bool find_virtio(PciFunction function, BusDevice& device) {
    constexpr std::uint32_t vendors_own = 9, steps_max = 48;
    constexpr Window windows[] = {Window::common, Window::notify, Window::window_count,
                                  Window::device};
    std::uint32_t found = 0;
    std::uint32_t at = pci_read(function, pci_capabilities) & 0xfc;
    for (std::uint32_t i = 0; i < steps_max && at != 0; ++i) {
        const std::uint32_t head = pci_read(function, at);
        const std::uint32_t type = (head >> 24) - 1;  // from 1 on
        if ((head & 0xff) == vendors_own && type < 4 && windows[type] != Window::window_count &&
            (found >> type & 1) == 0) {
            const std::uint64_t bar = pci_memory(function, pci_read(function, at + 4) & 0xff);
            if (bar == 0 || !map(device, windows[type], bar + pci_read(function, at + 8),
                                 pci_read(function, at + 12))) {
                return false;
            }
            if (windows[type] == Window::notify) {
                device.device.notify_stride = pci_read(function, at + 16);
            }
            found |= 1u << type;
        }
        at = head >> 8 & 0xfc;
    }
    device.device.kind = DeviceClass::virtio_blk;
    return found == 0b1011;
}

bool find_nvme(PciFunction function, BusDevice& device) {
    const std::uint64_t bar = pci_memory(function, 0);
    device.device.kind = DeviceClass::nvme;
    return bar != 0 && map(device, Window::registers, bar, 2 * 4096);
}

bool find(PciFunction function, BusDevice& device) {
    constexpr std::uint32_t virtio_vendor = 0x1af4, old_block = 0x1001, block = 0x1042;
    constexpr std::uint32_t nvme_class = 0x01'08'02;
    const std::uint32_t id = pci_read(function, 0);
    if (id == (old_block << 16 | virtio_vendor) || id == (block << 16 | virtio_vendor)) {
        return find_virtio(function, device);
    }
    return pci_read(function, pci_class) >> 8 == nvme_class && find_nvme(function, device);
}

std::byte* place_of(const Register& place) {
    CHITIN_ASSERT(place.device < count);
    const Mapped& window = devices[place.device].windows[static_cast<unsigned>(place.window)];
    CHITIN_ASSERT(place.offset + static_cast<std::uint32_t>(place.width) <= window.bytes);
    return window.begin + place.offset;
}

}  // namespace

std::uint32_t bus_start(std::uint32_t wanted) {
    for (std::uint32_t at = 0; at < pci_devices && count < wanted; ++at) {
        if (pci_read(pci_function(at, 0), 0) == no_function) continue;
        const bool several = (pci_read(pci_function(at, 0), pci_header + 2) & 0x80) != 0;
        for (std::uint32_t i = 0; i < (several ? 8 : 1) && count < wanted; ++i) {
            const PciFunction function = pci_function(at, i);
            if (pci_read(function, 0) == no_function || !find(function, devices[count])) continue;
            pci_enable(function);
            ++count;
        }
    }
    return count;
}

machine::Device bus_device(std::uint32_t number) {
    CHITIN_ASSERT(number < count);
    return devices[number].device;
}

std::uint32_t bus_read(const Register& place) {
    const auto* const at = place_of(place);
    switch (place.width) {
        case Width::bits_8: return *reinterpret_cast<const volatile std::uint8_t*>(at);
        case Width::bits_16: return *reinterpret_cast<const volatile std::uint16_t*>(at);
        default: return *reinterpret_cast<const volatile std::uint32_t*>(at);
    }
}

// x86 keeps the order of stores, uncached ones included; the compiler is told to.
void bus_write(const Register& place, std::uint32_t value) {
    auto* const at = place_of(place);
    asm volatile("" : : : "memory");
    switch (place.width) {
        case Width::bits_8:
            *reinterpret_cast<volatile std::uint8_t*>(at) = static_cast<std::uint8_t>(value);
            return;
        case Width::bits_16:
            *reinterpret_cast<volatile std::uint16_t*>(at) = static_cast<std::uint16_t>(value);
            return;
        default: *reinterpret_cast<volatile std::uint32_t*>(at) = value; return;
    }
}

}  // namespace kernel::bare
