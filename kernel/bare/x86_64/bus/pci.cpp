#include "kernel/bare/x86_64/bus/pci.hpp"

#include "kernel/bare/x86_64/ports.hpp"

namespace kernel::bare {
namespace {

constexpr std::uint16_t address_port = 0xcf8, data_port = 0xcfc;
constexpr std::uint32_t in_port_space = 1, is_64_bit = 4, flags = 0xf;
constexpr std::uint32_t memory_on = 1 << 1, master_on = 1 << 2, interrupt_off = 1 << 10;

}  // namespace

std::uint32_t pci_read(PciFunction function, std::uint32_t offset) {
    out32(address_port, function.address | (offset & 0xfc));
    return in32(data_port) >> (offset % 4 * 8);
}

void pci_write(PciFunction function, std::uint32_t offset, std::uint32_t value) {
    out32(address_port, function.address | (offset & 0xfc));
    out32(data_port, value);
}

std::uint64_t pci_memory(PciFunction function, std::uint32_t bar) {
    constexpr std::uint32_t bars = 6;
    if (bar >= bars) return 0;
    const std::uint32_t low = pci_read(function, pci_bars + bar * 4);
    if ((low & in_port_space) != 0) return 0;
    std::uint64_t address = low & ~flags;
    if ((low & is_64_bit) != 0) {
        address |= std::uint64_t{pci_read(function, pci_bars + bar * 4 + 4)} << 32;
    }
    return address;
}

void pci_enable(PciFunction function) {
    const std::uint32_t command = pci_read(function, pci_command) & 0xffff;  // the rest: write 1s
    pci_write(function, pci_command, command | memory_on | master_on | interrupt_off);
}

}  // namespace kernel::bare
