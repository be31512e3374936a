// Feature bits: [intel/vol2] CPUID; control registers: [intel/vol3] 2.5; XCR0: 2.6.
#include "kernel/bare/x86_64/cpu.hpp"

#include <cpuid.h>

#include <cstdint>
#include <cstring>

namespace kernel::bare {
namespace {

constexpr std::uint32_t state_x87_sse_avx = 7;

constinit bool xsave_on = false;

std::uint64_t read_cr4() {
    std::uint64_t value;
    asm volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}
void write_cr4(std::uint64_t value) { asm volatile("mov %0, %%cr4" : : "r"(value)); }

// QEMU's emulator (seen in 7.2) reads the stack of an iretq that an environment executes with
// the kernel's rights, so that SMAP refuses it; environments resume by just that iretq.
bool emulator_breaks_smap() {
    std::uint32_t a, b, c, d;
    __cpuid(0x4000'0000, a, b, c, d);
    constexpr std::uint32_t tcgt = 0x54474354, cgtc = 0x43544743, gtcg = 0x47435447;
    return b == tcgt && c == cgtc && d == gtcg;
}

void xsave_enable() {
    std::uint32_t low, size, size_max, high;
    __cpuid_count(0xd, 0, low, size, size_max, high);
    const std::uint32_t states = low & state_x87_sse_avx;
    asm volatile("xsetbv" : : "c"(0), "a"(states), "d"(0));
    xsave_on = true;
}

}  // namespace

bool cpu_enable() {
    std::uint32_t a, b, c, d;
    __cpuid(1, a, b, c, d);
    const bool xsave = (c & bit_XSAVE) != 0;
    std::uint64_t cr4 = read_cr4();
    cr4 |= 1 << 7;            // PGE
    cr4 |= 1 << 9 | 1 << 10;  // OSFXSR, OSXMMEXCPT
    if (xsave) {
        cr4 |= 1 << 18;       // OSXSAVE
    }
    __cpuid(0, a, b, c, d);
    if (a >= 7) {
        __cpuid_count(7, 0, a, b, c, d);
        cr4 |= (b >> 7 & 1) << 20;   // SMEP
        if (!emulator_breaks_smap()) {
            cr4 |= (b >> 20 & 1) << 21;  // SMAP
        }
        cr4 |= (c >> 2 & 1) << 11;   // UMIP
    }
    write_cr4(cr4);
    if (xsave) {
        xsave_enable();
    }
    return xsave;
}

void fp_initial(FloatingPoint& area) {
    constexpr std::size_t legacy_and_header = 576;
    std::memset(area, 0, legacy_and_header);
    const std::uint16_t control = 0x37f;
    const std::uint32_t mxcsr = 0x1f80;
    std::memcpy(area, &control, sizeof control);
    std::memcpy(area + 24, &mxcsr, sizeof mxcsr);
}

void fp_save(FloatingPoint& area) {
    if (xsave_on) {
        asm volatile("xsave64 %0" : "+m"(area) : "a"(state_x87_sse_avx), "d"(0) : "memory");
    } else {
        asm volatile("fxsave64 %0" : "=m"(area) : : "memory");
    }
}

void fp_restore(const FloatingPoint& area) {
    if (xsave_on) {
        asm volatile("xrstor64 %0" : : "m"(area), "a"(state_x87_sse_avx), "d"(0) : "memory");
    } else {
        asm volatile("fxrstor64 %0" : : "m"(area) : "memory");
    }
}

}  // namespace kernel::bare
