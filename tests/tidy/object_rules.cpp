// The rules over object code: what keeps the two machines one.
#include <array>
#include <cstdio>
#include <memory>
#include <regex>
#include <set>
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

std::string quoted(const std::vector<std::string>& files) {
    std::string all;
    for (const std::string& file : files) all += " '" + file + "'";
    return all;
}

}  // namespace

// `objdump -t`: address, seven flags (the sixth is 'd' for a section's own symbol), section, size,
// name. Constants that hold addresses lie in .data.rel.ro, which is read-only when code runs.
Findings mutable_sections(const std::string& objdump_symbols, const std::string& group) {
    static const std::regex writable{
        R"(^[0-9a-f]+ .{5}[^d]. (\.data|\.bss|\.tdata|\.tbss|\*COM\*)(\.(?!rel\.ro)\S*)?)"
        R"(\s+[0-9a-f]+\s+(\S.*)$)"};
    Findings findings;
    std::istringstream lines{objdump_symbols};
    std::size_t number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        std::smatch match;
        if (std::regex_search(line, match, writable)) {
            findings.push_back({group, number, "a mutable global: " + match[3].str()});
        }
    }
    return findings;
}

// `nm`: "address kind name" where a name is defined, "kind name" where it is wanted. What is
// wanted and defined nowhere in the group comes from outside.
Findings foreign_symbols(const std::string& nm, const std::string& group,
                         const std::string& outside) {
    static const std::regex row{R"(^(\S*)\s+([A-Za-z])\s(\S+)$)"};
    const std::regex allowed{outside};
    std::set<std::string> wanted;
    std::set<std::string> defined;
    std::istringstream lines{nm};
    for (std::string line; std::getline(lines, line);) {
        std::smatch match;
        if (!std::regex_match(line, match, row)) continue;
        (match[1].length() == 0 ? wanted : defined).insert(match[3]);
    }
    Findings findings;
    for (const std::string& symbol : wanted) {
        if (defined.contains(symbol) || std::regex_match(symbol, allowed)) continue;
        findings.push_back({group, 0, "refers to " + symbol + "; allowed outside: " + outside});
    }
    return findings;
}

Findings object_code(const std::string& group, const std::vector<std::string>& files,
                     const std::string& outside) {
    const std::string symbols = output_of("objdump -t" + quoted(files));
    const std::string names = output_of("nm" + quoted(files));
    Findings all = mutable_sections(symbols, group);
    const Findings foreign = foreign_symbols(names, group, outside);
    all.insert(all.end(), foreign.begin(), foreign.end());
    if (symbols.find(".text") == std::string::npos || names.find(" T ") == std::string::npos) {
        all.push_back({group, 0, "objdump or nm shows no code: nothing was checked"});
    }
    return all;
}

}  // namespace tests::tidy
