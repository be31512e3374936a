#include "tests/image/test_bundle.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "kernel/abi/bundle.hpp"

namespace tests::image {
namespace {

using namespace kernel::abi;

template <class T>
void put(std::vector<std::byte>& blob, std::uint64_t offset, const T& value) {
    std::memcpy(blob.data() + offset, &value, sizeof value);
}

CellRecord record_of(const TestCell& cell) {
    CellRecord record{};
    std::strcpy(record.name, "test");
    record.pool_frames = cell.pool_frames;
    record.env_count = cell.cores;
    record.cores = cell.cores;
    record.trace_full = cell.trace ? 1 : 0;
    record.seed = cell.seed;
    record.slice_ns = 1'000'000;
    record.costs = CostProfile{50, 100, 100, 30, 20, 50, 50, 30, 100, cell.latency};
    record.disk_count = cell.disks;
    return record;
}

// One for each disk of the cell that has most: cells' are the first of them.
std::vector<DiskRecord> disks_of(const std::vector<TestCell>& cells) {
    std::uint16_t most = 0;
    for (const TestCell& cell : cells) most = std::max(most, cell.disks);
    DiskRecord disk{};
    disk.service.channels = 1;
    return std::vector<DiskRecord>(most, disk);
}

}  // namespace

std::vector<std::byte> make_bundle(const std::vector<TestCell>& cells,
                                   const std::string& program_name,
                                   const std::vector<std::byte>& program) {
    BundleHeader header{};
    header.magic = bundle_magic;
    header.file_count = 1;
    header.cell_count = static_cast<std::uint32_t>(cells.size());
    header.env_count = 1;
    for (const TestCell& cell : cells) header.env_count = std::max(header.env_count, cell.cores);
    header.files_offset = sizeof header;
    header.cells_offset = header.files_offset + sizeof(FileRecord);
    header.envs_offset = header.cells_offset + cells.size() * sizeof(CellRecord);
    const std::vector<DiskRecord> disks = disks_of(cells);
    header.disk_count = static_cast<std::uint32_t>(disks.size());
    const std::uint64_t head = disks_offset(header) + disks.size() * sizeof(DiskRecord);
    FileRecord file{};
    std::strcpy(file.name, program_name.c_str());
    file.kind = FileKind::program;
    file.offset = (head + page_size - 1) / page_size * page_size;
    file.size_bytes = program.size();
    header.size_bytes = file.offset + program.size();
    EnvRecord env{};
    std::strcpy(env.name, "only");
    std::strcpy(env.program, program_name.c_str());
    for (std::uint32_t& module : env.modules) module = no_file;

    std::vector<std::byte> blob(header.size_bytes);
    put(blob, 0, header);
    put(blob, header.files_offset, file);
    for (std::size_t i = 0; i < cells.size(); ++i) {
        put(blob, header.cells_offset + i * sizeof(CellRecord), record_of(cells[i]));
    }
    for (; env.core < header.env_count; ++env.core) {  // each cell's are the first of them
        put(blob, header.envs_offset + env.core * sizeof(EnvRecord), env);
    }
    for (std::size_t i = 0; i < disks.size(); ++i) {
        put(blob, disks_offset(header) + i * sizeof(DiskRecord), disks[i]);
    }
    std::memcpy(blob.data() + file.offset, program.data(), program.size());
    return blob;
}

std::vector<std::byte> read_file(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    const std::vector<char> bytes{std::istreambuf_iterator<char>{file}, {}};
    const auto* first = reinterpret_cast<const std::byte*>(bytes.data());
    return {first, first + bytes.size()};
}

std::string image_path() {
    const char* given = std::getenv("CHITIN_IMAGE");
    return given != nullptr ? given : CHITIN_IMAGE_DEFAULT;
}

const std::vector<std::byte>& wild_program() {
    static const std::vector<std::byte> bytes = read_file(CHITIN_WILD_PROGRAM);
    return bytes;
}

}  // namespace tests::image
