// ELF objects, made here byte by byte as clang makes them: sections, symbols, relocated calls; and
// the same with bytes turned over, which must be read or refused, never trusted.
#include <gtest/gtest.h>

#include <elf.h>

#include <cstring>
#include <random>

#include "sim/testbed/bpf/elf_object.hpp"
#include "tests/unit/code/ground.hpp"

namespace tests::code {
namespace {

using sim::testbed::bpf::ElfChoice;
using sim::testbed::bpf::program_of_elf;

class ElfWriter {
public:
    ElfWriter() { section("", SHT_NULL, 0, {}); }

    std::uint16_t code(const std::string& name, const Code& code) {
        return section(name, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR,
                       std::as_bytes(std::span{code}));
    }
    unsigned symbol(const std::string& name, unsigned char info, std::uint16_t section,
                    std::uint64_t value) {
        Elf64_Sym one{};
        one.st_name = text(name);
        one.st_info = info;
        one.st_shndx = section;
        one.st_value = value;
        symbols_.push_back(one);
        return static_cast<unsigned>(symbols_.size() - 1);
    }
    unsigned global(const std::string& name, std::uint16_t section, std::uint64_t value = 0) {
        return symbol(name, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), section, value);
    }
    void relocate(std::uint16_t section, std::uint64_t offset, unsigned symbol,
                  unsigned type = 10) {
        const Elf64_Rel rel{offset, ELF64_R_INFO(symbol, type)};
        const std::uint16_t table =
            this->section(".rel", SHT_REL, 0, std::as_bytes(std::span{&rel, 1}));
        headers_[table].sh_info = section;
    }

    std::vector<std::byte> finish() {
        const std::uint16_t names = section(".strtab", SHT_STRTAB, 0, {});
        const std::uint16_t table =
            section(".symtab", SHT_SYMTAB, 0, std::as_bytes(std::span{symbols_}));
        headers_[table].sh_link = names;
        headers_[names].sh_offset = sizeof(Elf64_Ehdr) + content_.size();
        headers_[names].sh_size = names_.size();
        Elf64_Ehdr header{};
        std::memcpy(header.e_ident, ELFMAG, SELFMAG);
        header.e_ident[EI_CLASS] = ELFCLASS64;
        header.e_ident[EI_DATA] = ELFDATA2LSB;
        header.e_machine = EM_BPF;
        header.e_shentsize = sizeof(Elf64_Shdr);
        header.e_shnum = static_cast<std::uint16_t>(headers_.size());
        header.e_shstrndx = names;
        header.e_shoff = sizeof(Elf64_Ehdr) + content_.size() + names_.size();
        std::vector<std::byte> file;
        const auto append = [&file](std::span<const std::byte> bytes) {
            file.insert(file.end(), bytes.begin(), bytes.end());
        };
        append(std::as_bytes(std::span{&header, 1}));
        append(content_);
        append(std::as_bytes(std::span{names_}));
        append(std::as_bytes(std::span{headers_}));
        return file;
    }

private:
    std::uint32_t text(const std::string& name) {
        const auto at = static_cast<std::uint32_t>(names_.size());
        names_ += name + '\0';
        return at;
    }
    std::uint16_t section(const std::string& name, std::uint32_t type, std::uint64_t flags,
                          std::span<const std::byte> bytes) {
        Elf64_Shdr header{};
        header.sh_name = text(name);
        header.sh_type = type;
        header.sh_flags = flags;
        header.sh_offset = sizeof(Elf64_Ehdr) + content_.size();
        header.sh_size = bytes.size();
        content_.insert(content_.end(), bytes.begin(), bytes.end());
        headers_.push_back(header);
        return static_cast<std::uint16_t>(headers_.size() - 1);
    }

    std::string names_ = std::string(1, '\0');
    std::vector<std::byte> content_;
    std::vector<Elf64_Shdr> headers_;
    std::vector<Elf64_Sym> symbols_ = std::vector<Elf64_Sym>(1);
};

// Two programs; the first calls the second of two static functions in .text.
std::vector<std::byte> sample(unsigned relocation_type = 10) {
    ElfWriter writer;
    const auto text = writer.code(".text", {mov(0, 1), leave(), mov(0, 42), leave()});
    const auto first = writer.code("first", {mov(6, 0), make(0x85, 0, 1, 0, 1), leave()});
    const auto second = writer.code("second", {mov(0, 7), leave(), mov(0, 8), leave()});
    const unsigned whole = writer.symbol("", ELF64_ST_INFO(STB_LOCAL, STT_SECTION), text, 0);
    writer.global("main", first);
    writer.global("seven", second);
    writer.global("eight", second, 16);
    writer.relocate(first, 8, whole, relocation_type);
    return writer.finish();
}

std::uint64_t result_of(const std::vector<std::byte>& file, const ElfChoice& choice) {
    const auto program = program_of_elf(file, choice);
    if (!program) ADD_FAILURE() << program.error();
    if (!program) return 0;
    Ground ground;
    EXPECT_EQ(ground.verdict(*program).fault, kernel::code::CodeFault{});
    return ground.checked(*program).result;
}

TEST(CodeElf, CallsBetweenSectionsAreLinked) {
    EXPECT_EQ(result_of(sample(), {.section = "first", .function = {}}), 42u);
    EXPECT_EQ(result_of(sample(), {.section = {}, .function = "main"}), 42u);
    EXPECT_EQ(result_of(sample(), {.section = "second", .function = "seven"}), 7u);
    EXPECT_EQ(result_of(sample(), {.section = {}, .function = "eight"}), 8u);
}

TEST(CodeElf, ChoicesAreAskedFor) {
    const auto file = sample();
    const auto error = [&file](const ElfChoice& choice) {
        const auto program = program_of_elf(file, choice);
        return program ? std::string{"a program"} : program.error();
    };
    EXPECT_EQ(error({}), "several programs; choose one with --section: first, second");
    EXPECT_EQ(error({.section = "third", .function = {}}),
              "no code section \"third\"; expected one of: .text, first, second");
    EXPECT_EQ(error({.section = "second", .function = {}}),
              "section second has several functions; choose one with --function: seven, eight");
    EXPECT_EQ(error({.section = {}, .function = "nine"}), "no global function \"nine\"");
}

TEST(CodeElf, MapsAreRefusedByName) {
    const auto program = program_of_elf(sample(1), {.section = "first", .function = {}});
    ASSERT_FALSE(program.has_value());
    EXPECT_EQ(program.error(),
              "section first, instruction 1: refers to \"\"; maps and global data are not "
              "supported");
}

TEST(CodeElf, BrokenFilesAreReadOrRefused) {
    const auto whole = sample();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const std::vector<std::byte> cut(whole.begin(),
                                         whole.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_FALSE(program_of_elf(cut, {.section = "first", .function = {}}).has_value());
    }
    std::mt19937_64 draw{1};
    unsigned read = 0;
    for (int round = 0; round < 20'000; ++round) {
        auto broken = whole;
        for (auto count = 1 + draw() % 4; count > 0; --count) {
            broken[draw() % broken.size()] = static_cast<std::byte>(draw());
        }
        const auto program = program_of_elf(broken, {.section = {}, .function = "main"});
        read += program.has_value() ? 1 : 0;
        if (program) (void)kernel::code::form(*program);
    }
    EXPECT_GT(read, 0u);
}

}  // namespace
}  // namespace tests::code
