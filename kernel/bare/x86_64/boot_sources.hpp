// BootSources: what the loader told us, whichever of the two protocols it speaks.
//
// PVH: xen/include/public/arch-x86/hvm/start_info.h; multiboot2: its specification 2.0, 3.6.
// Read through boot.S's identity map, before anything is moved.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kernel::bare {

struct Range {
    std::uint64_t begin, end;
};

inline constexpr std::size_t ram_ranges_max = 64;

struct BootSources {
    Range bundle{};                // where the loader put it
    char command_line[64] = {};    // cut off, terminated
    Range ram[ram_ranges_max] = {};
    std::size_t ram_count = 0;     // usable RAM, as the firmware reports it
    std::uint64_t rsdp = 0;        // the firmware's tables (processors.hpp), where the loader says

    // The decimal number behind `name` on the command line (none: 0); without it `fallback`.
    std::uint64_t option(const char* name, std::uint64_t fallback) const;
    // Does `name` stand on the command line?
    bool option_given(const char* name) const;

    // Does one stretch of usable RAM (of adjoining ranges) hold all of `wanted`?
    bool usable(Range wanted) const;
};

// `magic` is eax at entry. Panics with a sentence if there is nothing to boot from.
void boot_sources_read(BootSources& sources, std::uint32_t magic, std::uint64_t information);

}  // namespace kernel::bare
