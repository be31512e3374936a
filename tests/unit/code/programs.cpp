#include "tests/unit/code/programs.hpp"

#include <gtest/gtest.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

namespace tests::code {

std::filesystem::path data_path(const char* name) {
    if (const char* const data = std::getenv("CHITIN_DATA")) {
        return std::filesystem::path{data} / "ebpf-conformance" / name;
    }
    return std::filesystem::path{CHITIN_SOURCE_DIR} / "../shared/data/ebpf-conformance" / name;
}

std::vector<std::byte> bytes_of(std::string_view hex) {
    std::vector<std::byte> bytes;
    if (hex == "-") return bytes;
    EXPECT_EQ(hex.size() % 2, 0u) << hex;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        unsigned value = 0;
        const auto [end, error] = std::from_chars(&hex[i], &hex[i] + 2, value, 16);
        EXPECT_EQ(end, &hex[i] + 2) << hex;
        bytes.push_back(static_cast<std::byte>(value));
    }
    return bytes;
}

Code code_of(std::string_view hex) {
    const std::vector<std::byte> bytes = bytes_of(hex);
    EXPECT_EQ(bytes.size() % sizeof(Instruction), 0u) << hex;
    Code code(bytes.size() / sizeof(Instruction));
    std::memcpy(code.data(), bytes.data(), code.size() * sizeof(Instruction));
    return code;
}

std::vector<std::string> fields_of(const std::string& line, char separator) {
    std::vector<std::string> fields;
    std::istringstream stream{line};
    for (std::string field; std::getline(stream, field, separator);) fields.push_back(field);
    return fields;
}

std::vector<Vector> conformance_vectors() {
    constexpr unsigned group_callx = 0x80;
    std::vector<Vector> vectors;
    std::ifstream file{data_path("vectors.tsv")};
    for (std::string line; std::getline(file, line);) {
        const auto fields = fields_of(line, '\t');
        EXPECT_EQ(fields.size(), 6u) << line;
        Vector one{.name = fields[0], .memory = bytes_of(fields[3]), .code = code_of(fields[4])};
        one.uses_register_call = (std::stoul(fields[2], nullptr, 16) & group_callx) != 0;
        one.result = std::stoull(fields[5].substr(fields[5].find('=') + 1), nullptr, 16);
        vectors.push_back(one);
    }
    return vectors;
}

}  // namespace tests::code
