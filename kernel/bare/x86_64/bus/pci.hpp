// PCI configuration space, by the ports 0xcf8 and 0xcfc ([pci] 3.0, 3.2.2.3.2): the first 256 bytes
// of each function. Firmware has given buses their numbers and base addresses their places.
#pragma once

#include <cstdint>

namespace kernel::bare {

// Bus, device and function, as the address port wants them.
struct PciFunction {
    std::uint32_t address;
};

inline constexpr std::uint32_t pci_devices = 256 * 32;
inline constexpr std::uint8_t pci_command = 0x04, pci_class = 0x08, pci_header = 0x0c;
inline constexpr std::uint8_t pci_bars = 0x10, pci_capabilities = 0x34;

constexpr PciFunction pci_function(std::uint32_t device, std::uint32_t function) {
    return {1u << 31 | device << 11 | function << 8};
}

// 32 bits at a multiple of 4, and what lies at any offset, shifted down.
std::uint32_t pci_read(PciFunction function, std::uint32_t offset);
void pci_write(PciFunction function, std::uint32_t offset, std::uint32_t value);

// Where base address register `bar` has its memory; 0: nowhere, or in port space.
std::uint64_t pci_memory(PciFunction function, std::uint32_t bar);

// Lets the function answer at its addresses and reach memory, without interrupts.
void pci_enable(PciFunction function);

}  // namespace kernel::bare
