#include "sim/testbed/boot/bundle_part.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>

#include "kernel/machine/boot_info.hpp"

namespace sim::testbed::boot {

using kernel::abi::BundleHeader;
using kernel::abi::CellRecord;

BundleHeader header_of(std::span<const std::byte> bundle) {
    BundleHeader header{};
    std::memcpy(&header, bundle.data(), sizeof header);
    return header;
}

CellRecord cell_of(std::span<const std::byte> bundle, std::uint32_t cell) {
    CellRecord record{};
    const std::uint64_t offset = header_of(bundle).cells_offset + cell * sizeof record;
    std::memcpy(&record, bundle.data() + offset, sizeof record);
    return record;
}

bool write_part(std::span<const std::byte> bundle, CellRange part, const std::string& path) {
    BundleHeader header = header_of(bundle);
    header.cells_offset += part.first * sizeof(CellRecord);
    header.cell_count = part.count;
    std::ofstream file{path, std::ios::binary};
    file.write(reinterpret_cast<const char*>(&header), sizeof header);
    file.write(reinterpret_cast<const char*>(bundle.data()) + sizeof header,
               static_cast<std::streamsize>(bundle.size() - sizeof header));
    return static_cast<bool>(file.flush());
}

std::uint64_t memory_mib(std::span<const std::byte> bundle) {
    constexpr std::uint64_t mib = 1 << 20, firmware_mib = 16;
    constexpr std::uint64_t core_frames = 32;  // what each core but the first has of its own
    const BundleHeader header = header_of(bundle);
    std::uint64_t frames = 0;
    for (std::uint32_t i = 0; i < header.cell_count; ++i) {
        const CellRecord cell = cell_of(bundle, i);
        frames = std::max<std::uint64_t>(
            frames, cell.pool_frames + kernel::machine::ring_frames(cell.cores) +
                        cell.cores * kernel::machine::bundle_table_frames(bundle.size()) +
                        kernel::machine::disk_frames(cell) + (cell.cores - 1) * core_frames);
    }
    frames += kernel::machine::pool_first.value;
    return (frames * kernel::abi::page_size + bundle.size() + mib - 1) / mib + firmware_mib;
}

std::uint32_t cores_most(std::span<const std::byte> bundle) {
    std::uint32_t most = 1;
    for (std::uint32_t i = 0; i < header_of(bundle).cell_count; ++i) {
        most = std::max(most, cell_of(bundle, i).cores);
    }
    return most;
}

std::uint32_t disks_most(std::span<const std::byte> bundle) {
    std::uint32_t most = 0;
    for (std::uint32_t i = 0; i < header_of(bundle).cell_count; ++i) {
        most = std::max<std::uint32_t>(most, cell_of(bundle, i).disk_count);
    }
    return most;
}

}  // namespace sim::testbed::boot
