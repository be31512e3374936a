// Layout: where the bare machine puts things in its virtual address space.
//
//   PML4[0]     text window: the programs, user read/execute or read-only (programs.hpp)
//   PML4[64]    the window: the environments' own memory, built by the kernel
//   PML4[256]   direct map of the cell's RAM (boot_info.hpp): supervisor, RW, NX
//   PML4[511]   the kernel image, the console's, the APIC's and the disks' registers
//
// Invariants: nothing is mapped writable and executable; the image's own memory lies below
// 16 MiB and the direct map begins there, so the kernel's text has no writable alias.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kernel::bare {

inline constexpr std::uint64_t window_base = 0x2000'0000'0000;
inline constexpr std::uint64_t direct_base = 0xffff'8000'0000'0000;
inline constexpr std::uint64_t image_base = 0xffff'ffff'8000'0000;
inline constexpr std::uint64_t large_page = std::uint64_t{2} << 20;
inline constexpr std::uint64_t apic_address = image_base + large_page - 4096;
inline constexpr std::uint64_t screen_address = image_base + large_page - 2 * 4096;
inline constexpr std::uint64_t direct_end = std::uint64_t{4} << 30;  // RAM above is not used

// Zero at the start, and one object a core, at one address (paging.hpp, kernel.ld).
#define CHITIN_OWN [[gnu::section(".bss.core")]] constinit

inline std::byte* direct(std::uint64_t physical) {
    return reinterpret_cast<std::byte*>(direct_base + physical);
}
// The physical address of something in the kernel's image.
inline std::uint64_t image_physical(const void* object) {
    return reinterpret_cast<std::uint64_t>(object) - image_base;
}

// Segment selectors (descriptors.cpp); their order is what syscall and sysret want.
inline constexpr std::uint16_t kernel_code = 0x08;
inline constexpr std::uint16_t kernel_data = 0x10;
inline constexpr std::uint16_t user_data = 0x18 | 3;
inline constexpr std::uint16_t user_code = 0x20 | 3;
inline constexpr std::uint16_t task_state = 0x28;

}  // namespace kernel::bare
