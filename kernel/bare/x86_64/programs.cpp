// ELF: System V gABI, chapter 5, and the AMD64 psABI.
#include "kernel/bare/x86_64/programs.hpp"

#include <cstring>

#include "kernel/abi/bundle.hpp"
#include "kernel/bare/x86_64/console.hpp"
#include "kernel/bare/x86_64/layout.hpp"
#include "kernel/bare/x86_64/panic.hpp"
#include "kernel/x86/page_table_entry.hpp"

namespace kernel::bare {
namespace {

using Entry = x86::PageTableEntry;
using Table = std::uint64_t[512];

// Programs are linked into the first GiB, at most one leaf table's 2 MiB each (program.cmake).
constexpr std::uint64_t text_end = std::uint64_t{1} << 30;
constexpr std::uint64_t page_mask = abi::page_size - 1;
constexpr unsigned segments_max = 8;

[[gnu::section(".bss.tables"), gnu::aligned(4096)]] Table text_pdpt;
[[gnu::section(".bss.tables"), gnu::aligned(4096)]] Table text_directory;
[[gnu::section(".bss.tables"), gnu::aligned(4096)]] Table text_leaves[abi::programs_max];

constinit abi::ProgramInfo programs[abi::programs_max] = {};
constinit std::uint32_t leaves_used = 0;

struct ElfHeader {
    std::uint32_t magic, format, reserved[2];
    std::uint32_t type_and_machine;
    std::uint32_t version;
    std::uint64_t entry, segments_offset, sections_offset;
    std::uint32_t flags;
    std::uint16_t header_size, segment_size, segment_count;
};
struct Segment {
    std::uint32_t type, flags;
    std::uint64_t offset, address, physical, file_size, memory_size, alignment;
};
static_assert(sizeof(Segment) == 56);

constexpr std::uint32_t segment_load = 1;
constexpr std::uint32_t flag_execute = 1, flag_write = 2;

// One program's bytes, in the bundle.
struct Image {
    const char* name;
    const std::byte* bytes;
    std::uint64_t physical;
    std::uint64_t size;
};

[[noreturn]] void refuse(const Image& image, const char* why) {
    put("program ");
    put(image.name);
    put(": ");
    put(why);
    put('\n');
    panic("a program of the boot bundle cannot be mapped");
}

const ElfHeader& check_header(const Image& image) {
    constexpr std::uint32_t elf_magic = 0x464c'457f;
    constexpr std::uint32_t class_64_little_version_1 = 0x1'0102, class_mask = 0xff'ffff;
    constexpr std::uint32_t executable_for_x86_64 = 62 << 16 | 2;
    const auto& elf = *reinterpret_cast<const ElfHeader*>(image.bytes);
    if (image.size < sizeof(ElfHeader) || elf.magic != elf_magic ||
        (elf.format & class_mask) != class_64_little_version_1 ||
        elf.type_and_machine != executable_for_x86_64) {
        refuse(image, "not a static x86-64 ELF executable");
    }
    if (elf.segment_size != sizeof(Segment) || elf.segment_count > segments_max ||
        elf.segments_offset % 8 != 0 || elf.segments_offset > image.size ||
        elf.segment_count * sizeof(Segment) > image.size - elf.segments_offset) {
        refuse(image, "its program headers lie outside the file");
    }
    return elf;
}

void check_segment(const Image& image, const Segment& segment) {
    if ((segment.flags & flag_write) != 0) refuse(image, "it has a writable segment");
    if (segment.memory_size != segment.file_size) refuse(image, "it has a zero-filled segment");
    if (segment.offset > image.size || segment.file_size > image.size - segment.offset) {
        refuse(image, "a segment lies outside the file");
    }
    if ((segment.offset | segment.address) % abi::page_size != 0) {
        refuse(image, "a segment is not page-aligned");
    }
    if (segment.address < large_page || segment.address >= text_end ||
        segment.file_size > text_end - segment.address) {
        refuse(image, "a segment lies outside the text window");
    }
}

std::uint64_t& leaf_of(const Image& image, std::uint64_t address) {
    std::uint64_t& entry = text_directory[address / large_page];
    if (entry == 0) {
        if (leaves_used == abi::programs_max) refuse(image, "too many programs");
        entry = image_physical(text_leaves[leaves_used++]) | Entry::present | Entry::user;
    }
    auto* leaves = reinterpret_cast<std::uint64_t*>(image_base + (entry & Entry::frame_mask));
    return leaves[address / abi::page_size % 512];
}

void map_segment(const Image& image, const Segment& segment) {
    check_segment(image, segment);
    const std::uint64_t flags =
        Entry::present | Entry::user | Entry::accessed |
        ((segment.flags & flag_execute) != 0 ? 0 : Entry::no_execute);
    for (std::uint64_t done = 0; done < segment.file_size; done += abi::page_size) {
        std::uint64_t& leaf = leaf_of(image, segment.address + done);
        if (leaf != 0) refuse(image, "two segments share a page");
        leaf = (image.physical + segment.offset + done) | flags;
    }
}

std::uint64_t map_program(const Image& image) {
    const ElfHeader& elf = check_header(image);
    const auto* segments = reinterpret_cast<const Segment*>(image.bytes + elf.segments_offset);
    bool entry_found = false;
    for (unsigned i = 0; i < elf.segment_count; ++i) {
        const Segment& segment = segments[i];
        if (segment.type != segment_load || segment.memory_size == 0) continue;
        map_segment(image, segment);
        entry_found |= (segment.flags & flag_execute) != 0 && elf.entry >= segment.address &&
                       elf.entry - segment.address < segment.file_size;
    }
    if (!entry_found) refuse(image, "its entry lies in no executable segment");
    return elf.entry;
}

}  // namespace

std::span<const abi::ProgramInfo> programs_map(const std::byte* bundle,
                                               std::uint64_t physical) {
    const auto& header = *reinterpret_cast<const abi::BundleHeader*>(bundle);
    const auto* files = reinterpret_cast<const abi::FileRecord*>(bundle + header.files_offset);
    std::memset(text_directory, 0, sizeof text_directory);
    std::memset(text_leaves, 0, sizeof text_leaves);
    leaves_used = 0;
    text_pdpt[0] = image_physical(text_directory) | Entry::present | Entry::user;
    std::size_t count = 0;
    for (std::uint32_t i = 0; i < header.file_count; ++i) {
        const abi::FileRecord& file = files[i];
        if (file.kind != abi::FileKind::program) continue;
        const Image image{file.name, bundle + file.offset, physical + file.offset,
                          file.size_bytes};
        if (count == abi::programs_max) refuse(image, "too many programs");
        abi::ProgramInfo& program = programs[count++];
        if (file.name[sizeof program.name - 1] != 0) refuse(image, "its name is too long");
        std::memcpy(program.name, file.name, sizeof program.name);
        program.entry = map_program(image);
    }
    return {programs, count};
}

std::uint64_t text_window_entry() {
    return image_physical(text_pdpt) | Entry::present | Entry::user;
}

}  // namespace kernel::bare
