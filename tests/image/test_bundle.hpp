// A small bundle for tests: one program, one environment on each core, cells that differ by
// seed, size and cores.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tests::image {

struct TestCell {
    std::uint64_t seed = 0;
    std::uint32_t pool_frames = 1024;
    bool trace = false;
    std::uint32_t cores = 1;
    std::uint32_t latency = 1000;
    std::uint16_t disks = 0;
};

std::vector<std::byte> make_bundle(const std::vector<TestCell>& cells,
                                   const std::string& program_name,
                                   const std::vector<std::byte>& program);

std::vector<std::byte> read_file(const std::string& path);

// Where the image build put the kernel: $CHITIN_IMAGE, or the image preset's folder.
std::string image_path();
// The test program's ELF, read.
const std::vector<std::byte>& wild_program();

}  // namespace tests::image
