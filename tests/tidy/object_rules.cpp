// The rules over object code: what keeps the two machines one.
#include <array>
#include <cstdio>
#include <memory>
#include <regex>
#include <sstream>

#include "tests/tidy/tree.hpp"

namespace tests::tidy {

namespace {

std::string output_of(const std::string& command) {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe{popen(command.c_str(), "r"), pclose};
    std::string all;
    std::array<char, 4096> part{};
    while (pipe && std::fgets(part.data(), part.size(), pipe.get()) != nullptr) {
        all += part.data();
    }
    return all;
}

// Ours, the machine's gate, the compiler's own. Symbols arrive demangled.
bool allowed(const std::string& symbol) {
    static const std::regex names{
        R"(^(.* )?(kernel::|libos::|scenarios::|\(anonymous|std::|chitin_|libos_))"
        R"(|^mem(cpy|move|set|cmp)$|^_GLOBAL_OFFSET_TABLE_$)"
        R"(|^__(builtin|popcount|u?div|u?mod|mul).*)"};
    return std::regex_search(symbol, names);
}

}  // namespace

// `objdump -t`: address, flags, section, size, name.
Findings mutable_sections(const std::string& objdump_symbols, const std::string& library) {
    static const std::regex writable{R"(\s(\.data|\.bss|\.tdata|\.tbss)(\.(?!rel\.ro)\S*)?)"
                                     R"(\s+([0-9a-f]+)\s+(\S.*)$)"};
    Findings findings;
    std::istringstream lines{objdump_symbols};
    std::size_t number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        std::smatch match;
        if (!std::regex_search(line, match, writable)) continue;
        if (std::stoull(match[3].str(), nullptr, 16) == 0) continue;  // the section's own symbol
        findings.push_back({library, number, "a mutable global: " + match[4].str()});
    }
    return findings;
}

// `nm -uC`: lines "  U name".
Findings foreign_symbols(const std::string& nm_undefined, const std::string& library) {
    Findings findings;
    std::istringstream lines{nm_undefined};
    std::size_t number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        const auto at = line.find(" U ");
        if (at == std::string::npos) continue;
        const std::string symbol = line.substr(at + 3);
        if (!allowed(symbol)) {
            findings.push_back({library, number, "refers to " + symbol +
                                                     ", which is not the seam's, mem* or ours"});
        }
    }
    return findings;
}

Findings object_code(const std::string& library) {
    Findings all = mutable_sections(output_of("objdump -t '" + library + "'"), library);
    const Findings foreign = foreign_symbols(output_of("nm -uC '" + library + "'"), library);
    all.insert(all.end(), foreign.begin(), foreign.end());
    return all;
}

}  // namespace tests::tidy
