#include "tests/fuzz/inputs.hpp"

#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>

namespace tests::fuzz {

namespace fs = std::filesystem;

namespace {

Input read_input(const fs::path& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file) throw std::runtime_error(path.string() + ": cannot be read");
    return Input{std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

std::vector<Input> inputs_of(const fs::path& path, ReadCorpus read) {
    if (path.extension() == ".corpus") return read(path.string());
    if (!fs::is_directory(path)) return {read_input(path)};
    std::set<fs::path> files;
    for (const auto& entry : fs::directory_iterator{path}) files.insert(entry.path());
    std::vector<Input> all;
    for (const auto& file : files) all.push_back(read_input(file));
    return all;
}

void write_inputs(const std::vector<Input>& inputs, const fs::path& folder) {
    fs::create_directories(folder);
    std::size_t number = 0;
    for (const Input& input : inputs) {
        std::ofstream file{folder / std::to_string(number++), std::ios::binary};
        file.write(reinterpret_cast<const char*>(input.data()),
                   static_cast<std::streamsize>(input.size()));
    }
}

}  // namespace tests::fuzz
