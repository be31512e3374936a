// One input of fuzz_images: an image, edits to it, and all that is done with it then.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "tests/fuzz/images/edits.hpp"

namespace tests::fuzz {

// 2 bytes: which image, how it is used; then edits.
inline constexpr std::size_t images_input_bytes_max = 2 + edit_bytes * edits_max;

// What is wrong, or the empty string. Nothing may trip an assertion or a sanitizer, or not end;
// what a repair says is mended must check clean, mount, and be readable. Images by the first
// byte, modulo their number: cofs, log, log with commits after its checkpoint, FAT12, 16, 32.
std::string run_image(std::span<const std::uint8_t> input);
inline constexpr unsigned images_count = 6;

// What came of the last input.
struct ImageEnd {
    bool mounted = false;
    bool problems = false;  // the check found some
    bool repaired = false;
};
ImageEnd image_end();

}  // namespace tests::fuzz
