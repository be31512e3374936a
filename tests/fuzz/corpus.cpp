#include "tests/fuzz/corpus.hpp"

#include <fstream>
#include <stdexcept>

namespace tests::fuzz {

namespace {

constexpr std::string_view digits = "0123456789abcdef";

}  // namespace

std::string hex_of(std::span<const std::uint8_t> input) {
    std::string text;
    for (const std::uint8_t byte : input) {
        text.push_back(digits[byte >> 4]);
        text.push_back(digits[byte & 15]);
    }
    return text;
}

std::vector<Input> corpus_of(const std::string& path) {
    std::ifstream file{path};
    if (!file) throw std::runtime_error(path + ": cannot be read");
    std::vector<Input> all;
    for (std::string line; std::getline(file, line);) {
        Input input;
        for (std::size_t i = 0; i + 1 < line.size() || i < line.size(); i += 2) {
            const std::size_t high = digits.find(line[i]);
            const std::size_t low = i + 1 < line.size() ? digits.find(line[i + 1]) : digits.npos;
            if (high == digits.npos || low == digits.npos) {
                throw std::runtime_error(path + ":" + std::to_string(all.size() + 1) +
                                         ": expected pairs of hexadecimal digits");
            }
            input.push_back(static_cast<std::uint8_t>(high << 4 | low));
        }
        all.push_back(std::move(input));
    }
    return all;
}

}  // namespace tests::fuzz
