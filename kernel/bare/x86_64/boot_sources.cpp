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
struct PvhMemory {
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
using MultibootMemory = PvhMemory;

template <class T>
const T& at(std::uint64_t physical) {
    return *reinterpret_cast<const T*>(physical);
}

void add_ram(BootSources& sources, std::uint64_t begin, std::uint64_t size,
             std::uint32_t type) {
    if (type != usable_ram || sources.ram_count == ram_ranges_max) return;
    sources.ram[sources.ram_count++] = Range{begin, begin + size};
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
    for (std::uint32_t i = 0; i < start.memory_map_entries; ++i) {
        const auto& entry = at<PvhMemory>(start.memory_map + i * sizeof(PvhMemory));
        add_ram(sources, entry.begin, entry.size, entry.type);
    }
    if (start.modules > 0) {
        const auto& module = at<PvhModule>(start.module_list);
        sources.bundle = Range{module.begin, module.begin + module.size};
    }
}

void read_multiboot(BootSources& sources, std::uint64_t information) {
    const std::uint64_t end = information + at<std::uint32_t>(information);
    std::uint64_t next = information + 8;
    while (next + sizeof(Tag) <= end) {
        const Tag& tag = at<Tag>(next);
        if (tag.type == tag_end || tag.size < sizeof(Tag)) return;
        if (tag.type == tag_command_line) copy_command_line(sources, next + sizeof(Tag));
        if (tag.type == tag_module && sources.bundle.end == 0) {
            const auto& module = at<ModuleTag>(next);
            sources.bundle = Range{module.begin, module.end};
        }
        if (tag.type == tag_rsdp_old || tag.type == tag_rsdp_new) {
            sources.rsdp = next + sizeof(Tag);
        }
        if (tag.type == tag_memory_map) {
            const auto& map = at<MemoryMapTag>(next);
            const std::uint64_t map_end = next + tag.size;
            for (std::uint64_t e = next + sizeof map;
                 map.entry_size >= sizeof(MultibootMemory) && e + map.entry_size <= map_end;
                 e += map.entry_size) {
                const auto& entry = at<MultibootMemory>(e);
                add_ram(sources, entry.begin, entry.size, entry.type);
            }
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
    } else if (at<PvhStart>(information).magic == pvh_magic) {
        read_pvh(sources, at<PvhStart>(information));
    } else {
        panic("started by neither PVH nor multiboot2");
    }
    if (sources.bundle.end <= sources.bundle.begin) {
        panic("no boot bundle (PVH: the initrd, multiboot2: the first module)");
    }
}

}  // namespace kernel::bare
