// The command around a fuzzer whose inputs are plain bytes: libFuzzer, a replay, the corpus as one
// file.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace tests::fuzz {

struct Fuzzer {
    const char* name;
    std::size_t bytes_max;  // of an input
    // What is wrong, or the empty string. Whatever trips an assertion ends the program.
    std::string (*run)(std::span<const std::uint8_t> input);
};

// Of the program that is linked with the driver.
extern const Fuzzer fuzzer;

}  // namespace tests::fuzz
