// Inputs of a fuzzer on the disk: a file each in a folder, as libFuzzer wants them, or all of them
// in one file of lines, as they are kept.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tests::fuzz {

using Input = std::vector<std::uint8_t>;

// Reads a file whose name ends in ".corpus".
using ReadCorpus = std::vector<Input> (*)(const std::string& path);

// A folder's files in the order of their names, a corpus' lines, or one input. Throws
// std::runtime_error where it cannot be read.
std::vector<Input> inputs_of(const std::filesystem::path& path, ReadCorpus read);

// A file each, called by its number, in that folder.
void write_inputs(const std::vector<Input>& inputs, const std::filesystem::path& folder);

}  // namespace tests::fuzz
