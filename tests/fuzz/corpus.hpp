// A corpus: kept inputs of a fuzzer, one a line, as hexadecimal text.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tests/fuzz/inputs.hpp"

namespace tests::fuzz {

std::string hex_of(std::span<const std::uint8_t> input);
// Throws std::runtime_error where the file cannot be read or a line is no hexadecimal text.
std::vector<Input> corpus_of(const std::string& path);

}  // namespace tests::fuzz
