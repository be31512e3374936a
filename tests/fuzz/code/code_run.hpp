// One input of fuzz_code: a program's bytes, and everything that its acceptance promises.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace tests::fuzz {

// 8 bytes: limits and contents of the windows; then the program.
inline constexpr std::size_t code_input_bytes_max = 8 + 8 * 512;

// What is wrong, or the empty string: verification in steps says what it says at once; what it
// accepts never leaves its windows, its stack and its bound, computes the same wherever memory
// lies and whatever the stack held, interpreted or compiled.
std::string run_code(std::span<const std::uint8_t> input);
// Was the last input's program accepted?
bool code_accepted();

}  // namespace tests::fuzz
