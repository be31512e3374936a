#include "kernel/bare/x86_64/boot_sources.hpp"

#include "kernel/bare/x86_64/panic.hpp"

namespace kernel::bare {
namespace {

constexpr std::uint32_t multiboot2_magic = 0x36d7'6289;
constexpr std::uint32_t pvh_magic = 0x336e'c578;
constexpr std::uint32_t usable_ram = 1;

struct PvhStart {
    std::uint32_t magic, version, flags, modules;
    std::uint64_t module_list, command_line, rsdp, memory_map;
    std::uint32_t memory_map_entries, reserved;
};
struct PvhModule {
    std::uint64_t begin, size, command_line, reserved;
};
struct MemoryEntry {  // of both protocols
    std::uint64_t begin, size;
    std::uint32_t type, reserved;
};

struct Tag {
    std::uint32_t type, size;
};
constexpr std::uint32_t tag_end = 0, tag_command_line = 1, tag_module = 3, tag_memory_map = 6;
constexpr std::uint32_t tag_rsdp_old = 14, tag_rsdp_new = 15;  // a copy of the RSDP
struct ModuleTag {
    Tag tag;
    std::uint32_t begin, end;
};
struct MemoryMapTag {
    Tag tag;
    std::uint32_t entry_size, entry_version;
};

template <class T>
const T& view(std::uint64_t physical) {
    return *reinterpret_cast<const T*>(physical);
}

// The memory map's entries lie in [at, end), so many bytes apart.
void read_ram(BootSources& sources, std::uint64_t at, std::uint64_t end, std::uint64_t apart) {
    if (apart < sizeof(MemoryEntry)) return;
    for (; at + apart <= end; at += apart) {
        const auto& entry = view<MemoryEntry>(at);
        if (entry.type != usable_ram || sources.ram_count == ram_ranges_max) continue;
        sources.ram[sources.ram_count++] = Range{entry.begin, entry.begin + entry.size};
    }
}

void copy_command_line(BootSources& sources, std::uint64_t physical) {
    if (physical == 0) return;
    const char* text = reinterpret_cast<const char*>(physical);
    for (std::size_t i = 0; i + 1 < sizeof sources.command_line && text[i] != '\0'; ++i) {
        sources.command_line[i] = text[i];
    }
}

void read_pvh(BootSources& sources, const PvhStart& start) {
    copy_command_line(sources, start.command_line);
    sources.rsdp = start.rsdp;
    read_ram(sources, start.memory_map,
             start.memory_map + start.memory_map_entries * sizeof(MemoryEntry),
             sizeof(MemoryEntry));
    if (start.modules > 0) {
        const auto& module = view<PvhModule>(start.module_list);
        sources.bundle = Range{module.begin, module.begin + module.size};
    }
}

void read_multiboot(BootSources& sources, std::uint64_t information) {
    const std::uint64_t end = information + view<std::uint32_t>(information);
    std::uint64_t next = information + 8;
    while (next + sizeof(Tag) <= end) {
        const Tag& tag = view<Tag>(next);
        if (tag.type == tag_end || tag.size < sizeof(Tag)) return;
        if (tag.type == tag_command_line) copy_command_line(sources, next + sizeof(Tag));
        if (tag.type == tag_module && sources.bundle.end == 0) {
            const auto& module = view<ModuleTag>(next);
            sources.bundle = Range{module.begin, module.end};
        }
        if (tag.type == tag_rsdp_old || tag.type == tag_rsdp_new) {
            sources.rsdp = next + sizeof(Tag);
        }
        if (tag.type == tag_memory_map) {
            const auto& map = view<MemoryMapTag>(next);
            read_ram(sources, next + sizeof map, next + tag.size, map.entry_size);
        }
        next += (tag.size + 7) & ~std::uint64_t{7};
    }
}

}  // namespace

// Behind `name` in the text, or nullptr.
static const char* behind(const char* text, const char* name) {
    for (; *text != '\0'; ++text) {
        const char* at = text;
        const char* wanted = name;
        while (*wanted != '\0' && *at == *wanted) {
            ++at;
            ++wanted;
        }
        if (*wanted == '\0') return at;
    }
    return nullptr;
}

std::uint64_t BootSources::option(const char* name, std::uint64_t fallback) const {
    const char* digit = behind(command_line, name);
    if (digit == nullptr) return fallback;
    std::uint64_t value = 0;
    for (; *digit >= '0' && *digit <= '9'; ++digit) {
        value = value * 10 + static_cast<unsigned>(*digit - '0');
    }
    return value;
}

bool BootSources::option_given(const char* name) const {
    return behind(command_line, name) != nullptr;
}

bool BootSources::usable(Range wanted) const {
    std::uint64_t reached = wanted.begin;
    bool grown = true;
    while (grown && reached < wanted.end) {
        grown = false;
        for (std::size_t i = 0; i < ram_count; ++i) {
            if (ram[i].begin <= reached && ram[i].end > reached) {
                reached = ram[i].end;
                grown = true;
            }
        }
    }
    return reached >= wanted.end;
}

void boot_sources_read(BootSources& sources, std::uint32_t magic, std::uint64_t information) {
    if (magic == multiboot2_magic) {
        read_multiboot(sources, information);
    } else if (view<PvhStart>(information).magic == pvh_magic) {
        read_pvh(sources, view<PvhStart>(information));
    } else {
        panic("started by neither PVH nor multiboot2");
    }
    if (sources.bundle.end <= sources.bundle.begin) {
        panic("no boot bundle: pass one as the initrd (PVH) or first module (multiboot2)");
    }
}

}  // namespace kernel::bare
