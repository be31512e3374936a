#include "sim/host/code_names.hpp"

#include <cxxabi.h>
#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>

namespace sim::host {

namespace {

// Where the executable was loaded, relative to its own addresses.
std::uint64_t load_bias() {
    std::uint64_t bias = 0;
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* result) {
            *static_cast<std::uint64_t*>(result) = info->dlpi_addr;
            return 1;  // the executable comes first
        },
        &bias);
    return bias;
}

std::vector<char> read_whole(const char* path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

std::string demangled(const char* name) {
    int status = 0;
    char* plain = abi::__cxa_demangle(name, nullptr, nullptr, &status);
    std::string result = status == 0 ? plain : name;
    std::free(plain);
    return result;
}

// The `count` objects at `offset` of the file, or none where it does not hold them.
template <class T>
std::vector<T> table(const std::vector<char>& file, std::uint64_t offset, std::uint64_t bytes) {
    std::vector<T> objects;
    if (offset > file.size() || bytes > file.size() - offset) return objects;
    objects.resize(bytes / sizeof(T));
    std::memcpy(objects.data(), file.data() + offset, objects.size() * sizeof(T));
    return objects;
}

}  // namespace

CodeNames CodeNames::of_this_program() {
    CodeNames names;
    const std::vector<char> file = read_whole("/proc/self/exe");
    const auto headers = table<Elf64_Ehdr>(file, 0, sizeof(Elf64_Ehdr));
    if (headers.empty()) return names;
    const auto sections = table<Elf64_Shdr>(file, headers[0].e_shoff,
                                            headers[0].e_shnum * sizeof(Elf64_Shdr));
    const std::uint64_t bias = load_bias();
    for (const Elf64_Shdr& section : sections) {
        if (section.sh_type != SHT_SYMTAB || section.sh_link >= sections.size()) continue;
        const Elf64_Shdr& strings = sections[section.sh_link];
        const auto text = table<char>(file, strings.sh_offset, strings.sh_size);
        for (const auto& symbol : table<Elf64_Sym>(file, section.sh_offset, section.sh_size)) {
            if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_name >= text.size()) {
                continue;
            }
            names.symbols_.push_back({symbol.st_value + bias, symbol.st_size,
                                      std::string{text.data() + symbol.st_name}});
        }
    }
    std::ranges::sort(names.symbols_, {}, &Symbol::address);
    return names;
}

std::string CodeNames::name(std::uint64_t address) const {
    char text[32];
    const auto after = std::ranges::upper_bound(symbols_, address, {}, &Symbol::address);
    if (after != symbols_.begin()) {
        const Symbol& symbol = *std::prev(after);
        const std::uint64_t offset = address - symbol.address;
        if (offset < std::max<std::uint64_t>(symbol.size, 1)) {
            std::snprintf(text, sizeof text, "+0x%llx", static_cast<unsigned long long>(offset));
            return demangled(symbol.name.c_str()) + text;
        }
    }
    std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(address));
    return text;
}

bool CodeNames::code(std::uint64_t address) const {
    const auto after = std::ranges::upper_bound(symbols_, address, {}, &Symbol::address);
    if (after == symbols_.begin()) return false;
    const Symbol& symbol = *std::prev(after);
    return address - symbol.address < symbol.size;
}

}  // namespace sim::host
