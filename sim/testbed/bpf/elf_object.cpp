#include "sim/testbed/bpf/elf_object.hpp"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sim::testbed::bpf {

namespace {

using kernel::code::Instruction;
template <class T>
using Expected = std::expected<T, std::string>;
using Bytes = std::span<const std::byte>;

constexpr std::uint32_t relocation_call = 10;  // R_BPF_64_32
constexpr std::uint64_t unit = sizeof(Instruction);

// A record at `offset`, or nothing where it would leave the file.
template <class Record>
std::optional<Record> record_at(Bytes bytes, std::uint64_t offset) {
    if (offset > bytes.size() || bytes.size() - offset < sizeof(Record)) return std::nullopt;
    Record record;
    std::memcpy(&record, bytes.data() + offset, sizeof record);
    return record;
}

struct Section {
    std::string name;
    Elf64_Shdr header;
    Bytes content;
    [[nodiscard]] bool code() const {
        return header.sh_type == SHT_PROGBITS && (header.sh_flags & SHF_EXECINSTR) != 0 &&
               !content.empty();
    }
};

struct Symbol {
    std::string name;
    Elf64_Sym record;
    [[nodiscard]] bool entry() const {
        return ELF64_ST_TYPE(record.st_info) == STT_FUNC &&
               ELF64_ST_BIND(record.st_info) == STB_GLOBAL;
    }
};

// A name, fit to be shown: what is not printable ASCII becomes '?'.
std::string text_at(Bytes strings, std::uint64_t offset) {
    if (offset >= strings.size()) return {};
    const auto* const first = reinterpret_cast<const char*>(strings.data() + offset);
    const std::string_view rest{first, strings.size() - offset};
    std::string name{rest.substr(0, rest.find('\0'))};
    std::ranges::replace_if(name, [](char c) { return c < ' ' || c > '~'; }, '?');
    return name;
}

class Object {
public:
    static Expected<Object> read(Bytes file);
    Expected<std::vector<Instruction>> link(const ElfChoice& choice) const;

private:
    struct Placed {
        std::uint32_t section;
        std::uint64_t at;  // units from the program's beginning
    };
    struct Link {
        std::vector<Instruction> program;
        std::vector<Placed> placed;
    };

    Expected<void> read_symbols(const Section& table);
    [[nodiscard]] Expected<std::uint32_t> choose(const ElfChoice& choice) const;
    [[nodiscard]] Expected<std::uint64_t> entry(std::uint32_t section,
                                                const std::string& function) const;
    [[nodiscard]] Expected<std::uint64_t> place(Link& link, std::uint32_t section) const;
    Expected<void> relocate(Link& link, const Placed& placed) const;
    Expected<void> relocate_call(Link& link, const Placed& placed, const Elf64_Rel& rel) const;
    [[nodiscard]] std::vector<std::string> names_of_entries(std::uint32_t section) const;

    std::vector<Section> sections_;
    std::vector<Symbol> symbols_;
};

Expected<Object> Object::read(Bytes file) {
    const auto header = record_at<Elf64_Ehdr>(file, 0);
    if (!header || header->e_ident[EI_CLASS] != ELFCLASS64 ||
        header->e_ident[EI_DATA] != ELFDATA2LSB || header->e_machine != EM_BPF ||
        header->e_shentsize != sizeof(Elf64_Shdr)) {
        return std::unexpected("expected a 64-bit little-endian ELF object for BPF");
    }
    Object object;
    for (std::uint32_t i = 0; i < header->e_shnum; ++i) {
        const auto section =
            record_at<Elf64_Shdr>(file, header->e_shoff + i * sizeof(Elf64_Shdr));
        if (!section) return std::unexpected(fmt::format("section {} lies outside the file", i));
        Bytes content;
        if (section->sh_type != SHT_NOBITS && section->sh_type != SHT_NULL) {
            const bool inside = section->sh_offset <= file.size() &&
                                section->sh_size <= file.size() - section->sh_offset;
            if (!inside) return std::unexpected(fmt::format("section {} is cut off", i));
            content = file.subspan(section->sh_offset, section->sh_size);
        }
        object.sections_.push_back({{}, *section, content});
    }
    if (header->e_shstrndx >= object.sections_.size()) {
        return std::unexpected("the section that names the others is missing");
    }
    const Bytes names = object.sections_[header->e_shstrndx].content;
    for (Section& section : object.sections_) {
        section.name = text_at(names, section.header.sh_name);
    }
    for (const Section& section : object.sections_) {
        if (section.header.sh_type != SHT_SYMTAB) continue;
        const auto read = object.read_symbols(section);
        if (!read) return std::unexpected(read.error());
    }
    return object;
}

Expected<void> Object::read_symbols(const Section& table) {
    if (table.header.sh_link >= sections_.size()) {
        return std::unexpected("the symbols' names are missing");
    }
    const Bytes names = sections_[table.header.sh_link].content;
    for (std::uint64_t at = 0; at + sizeof(Elf64_Sym) <= table.content.size();
         at += sizeof(Elf64_Sym)) {
        const auto symbol = record_at<Elf64_Sym>(table.content, at);
        symbols_.push_back({text_at(names, symbol->st_name), *symbol});
    }
    return {};
}

std::vector<std::string> Object::names_of_entries(std::uint32_t section) const {
    std::vector<std::string> names;
    for (const Symbol& symbol : symbols_) {
        if (symbol.entry() && symbol.record.st_shndx == section) names.push_back(symbol.name);
    }
    return names;
}

// Sections with a global function are programs; others hold what programs call.
Expected<std::uint32_t> Object::choose(const ElfChoice& choice) const {
    std::vector<std::string> names;
    std::uint32_t found = 0;
    for (std::uint32_t i = 0; i < sections_.size(); ++i) {
        if (!sections_[i].code()) continue;
        if (!choice.section.empty()) {
            if (sections_[i].name == choice.section) return i;
            names.push_back(sections_[i].name);
            continue;
        }
        const auto entries = names_of_entries(i);
        if (entries.empty()) continue;
        const bool wanted = choice.function.empty() ||
                            std::ranges::find(entries, choice.function) != entries.end();
        if (!wanted) continue;
        found = i;
        names.push_back(sections_[i].name);
    }
    if (!choice.section.empty()) {
        return std::unexpected(fmt::format("no code section \"{}\"; expected one of: {}",
                                           choice.section, fmt::join(names, ", ")));
    }
    if (names.size() == 1) return found;
    if (names.empty()) {
        return std::unexpected(choice.function.empty()
                                   ? "no section with a global function"
                                   : fmt::format("no global function \"{}\"", choice.function));
    }
    return std::unexpected(fmt::format("several programs; choose one with --section: {}",
                                       fmt::join(names, ", ")));
}

Expected<std::uint64_t> Object::entry(std::uint32_t section, const std::string& function) const {
    const auto names = names_of_entries(section);
    if (function.empty() && names.size() > 1) {
        return std::unexpected(
            fmt::format("section {} has several functions; choose one with --function: {}",
                        sections_[section].name, fmt::join(names, ", ")));
    }
    for (const Symbol& symbol : symbols_) {
        if (!symbol.entry() || symbol.record.st_shndx != section) continue;
        if (!function.empty() && symbol.name != function) continue;
        const std::uint64_t at = symbol.record.st_value;
        if (at % unit != 0 || at >= sections_[section].content.size()) {
            return std::unexpected(
                fmt::format("function {} begins outside its section", symbol.name));
        }
        return at / unit;
    }
    if (function.empty()) return 0;
    return std::unexpected(fmt::format("no global function \"{}\" in section {}; expected one of: "
                                       "{}",
                                       function, sections_[section].name,
                                       fmt::join(names, ", ")));
}

// Where the section lies in the program: appended where it is not there yet.
Expected<std::uint64_t> Object::place(Link& link, std::uint32_t section) const {
    for (const Placed& placed : link.placed) {
        if (placed.section == section) return placed.at;
    }
    if (section >= sections_.size() || !sections_[section].code()) {
        return std::unexpected("a call to a function that is not in the file");
    }
    const Bytes content = sections_[section].content;
    if (content.size() % unit != 0) {
        return std::unexpected(fmt::format("section {}: {} bytes, expected a multiple of {}",
                                           sections_[section].name, content.size(), unit));
    }
    const std::uint64_t at = link.program.size();
    if (at + content.size() / unit > kernel::code::instructions_max) {
        return std::unexpected(fmt::format("more than {} instructions",
                                           kernel::code::instructions_max));
    }
    link.program.resize(at + content.size() / unit);
    std::memcpy(&link.program[at], content.data(), content.size());
    link.placed.push_back({section, at});
    return at;
}

Expected<void> Object::relocate_call(Link& link, const Placed& placed,
                                     const Elf64_Rel& rel) const {
    const std::string& name = sections_[placed.section].name;
    const auto index = ELF64_R_SYM(rel.r_info);
    const std::uint64_t call = placed.at + rel.r_offset / unit;
    const bool sound = rel.r_offset % unit == 0 && index < symbols_.size() &&
                       rel.r_offset < sections_[placed.section].content.size();
    if (!sound) return std::unexpected(fmt::format("section {}: a broken relocation", name));
    const Symbol& symbol = symbols_[index];
    if (ELF64_R_TYPE(rel.r_info) != relocation_call) {
        return std::unexpected(fmt::format(
            "section {}, instruction {}: refers to \"{}\"; maps and global data are not supported",
            name, rel.r_offset / unit, symbol.name));
    }
    const auto target = place(link, symbol.record.st_shndx);
    if (!target) {
        return std::unexpected(fmt::format("section {}, instruction {}: {}", name,
                                           rel.r_offset / unit, target.error()));
    }
    Instruction& instruction = link.program[call];
    const auto to = static_cast<std::int64_t>(*target + symbol.record.st_value / unit) +
                    instruction.imm + 1;
    instruction.imm = static_cast<std::int32_t>(to - static_cast<std::int64_t>(call) - 1);
    return {};
}

Expected<void> Object::relocate(Link& link, const Placed& placed) const {
    for (const Section& section : sections_) {
        if (section.header.sh_type != SHT_REL || section.header.sh_info != placed.section) {
            continue;
        }
        for (std::uint64_t at = 0; at + sizeof(Elf64_Rel) <= section.content.size();
             at += sizeof(Elf64_Rel)) {
            const auto done =
                relocate_call(link, placed, *record_at<Elf64_Rel>(section.content, at));
            if (!done) return done;
        }
    }
    return {};
}

Expected<std::vector<Instruction>> Object::link(const ElfChoice& choice) const {
    const auto section = choose(choice);
    if (!section) return std::unexpected(section.error());
    const auto begin = entry(*section, choice.function);
    if (!begin) return std::unexpected(begin.error());
    Link link;
    // A program begins at its first instruction: where the function does not, a jump does.
    if (*begin != 0) link.program.push_back({0x05, 0, static_cast<std::int16_t>(*begin), 0});
    const auto first = place(link, *section);
    if (!first) return std::unexpected(first.error());
    for (std::size_t i = 0; i < link.placed.size(); ++i) {
        const Placed placed = link.placed[i];
        const auto done = relocate(link, placed);
        if (!done) return std::unexpected(done.error());
    }
    return link.program;
}

}  // namespace

bool is_elf(std::span<const std::byte> file) {
    return file.size() >= SELFMAG && std::memcmp(file.data(), ELFMAG, SELFMAG) == 0;
}

Expected<std::vector<Instruction>> program_of_elf(Bytes file, const ElfChoice& choice) {
    const auto object = Object::read(file);
    if (!object) return std::unexpected(object.error());
    return object->link(choice);
}

}  // namespace sim::testbed::bpf
