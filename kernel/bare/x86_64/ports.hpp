// Port input and output, and the few privileged instructions with a name of their own.
#pragma once

#include <cstdint>

namespace kernel::bare {

inline void out8(std::uint16_t port, std::uint8_t value) {
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}
inline void out16(std::uint16_t port, std::uint16_t value) {
    asm volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}
inline void out32(std::uint16_t port, std::uint32_t value) {
    asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}
inline std::uint32_t in32(std::uint16_t port) {
    std::uint32_t value;
    asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
inline std::uint8_t in8(std::uint16_t port) {
    std::uint8_t value;
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

inline std::uint64_t read_msr(std::uint32_t number) {
    std::uint32_t low, high;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
    return std::uint64_t{high} << 32 | low;
}
inline void write_msr(std::uint32_t number, std::uint64_t value) {
    asm volatile("wrmsr" : : "c"(number), "a"(static_cast<std::uint32_t>(value)),
                             "d"(static_cast<std::uint32_t>(value >> 32)));
}

inline std::uint64_t read_cr2() {
    std::uint64_t value;
    asm volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}
inline std::uint64_t read_cr3() {
    std::uint64_t value;
    asm volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}
inline void write_cr3(std::uint64_t value) {
    asm volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}
inline void invalidate_page(const void* address) {
    asm volatile("invlpg (%0)" : : "r"(address) : "memory");
}

}  // namespace kernel::bare
