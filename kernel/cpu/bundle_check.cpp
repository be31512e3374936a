// bundle_check: the boot bundle is input like any other, and is checked before it is used.
#include "kernel/entry.hpp"

namespace kernel {

namespace {

using abi::BundleHeader;
using abi::CellRecord;
using abi::DiskRecord;
using abi::EnvRecord;
using abi::FileRecord;

// Does [offset, offset + count * size) lie in the blob, 8-byte aligned?
bool in_range(const BundleHeader& header, std::uint64_t offset, std::uint64_t count,
              std::uint64_t size) {
    return offset % 8 == 0 && offset <= header.size_bytes &&
           count <= (header.size_bytes - offset) / size;
}

template <std::size_t N>
bool terminated(const char (&text)[N]) {
    for (const char c : text) {
        if (c == '\0') return true;
    }
    return false;
}

const char* check_files(const BundleHeader& header, const FileRecord* files) {
    for (std::uint32_t i = 0; i < header.file_count; ++i) {
        const FileRecord& file = files[i];
        if (!terminated(file.name)) return "a file's name is not terminated";
        if (file.kind != abi::FileKind::data && file.kind != abi::FileKind::program) {
            return "a file is of no known kind";
        }
        if (file.offset % abi::page_size != 0) return "a file is not page-aligned";
        if (!in_range(header, file.offset, file.size_bytes, 1)) {
            return "a file lies outside the bundle";
        }
    }
    return nullptr;
}

const char* check_cells(const BundleHeader& header, const CellRecord* cells) {
    for (std::uint32_t i = 0; i < header.cell_count; ++i) {
        const CellRecord& cell = cells[i];
        if (!terminated(cell.name)) return "a cell's name is not terminated";
        if (cell.cores < 1 || cell.cores > abi::cores_max) return "a cell has 1 to 64 cores";
        if (cell.pool_frames / cell.cores < abi::pool_frames_min ||
            cell.pool_frames > abi::pool_frames_max) {
            return "a cell's memory is out of range";
        }
        if (cell.env_count < 1 || cell.first_env > header.env_count ||
            cell.env_count > header.env_count - cell.first_env) {
            return "a cell's environments lie outside the bundle";
        }
        if (cell.slice_ns == 0) return "a cell's slice is zero";
        if (cell.disk_count > abi::cell_disks_max) return "a cell has too many disks";
        if (cell.first_disk + std::uint32_t{cell.disk_count} > header.disk_count) {
            return "a cell's disks lie outside the bundle";
        }
    }
    return nullptr;
}

const char* check_disks(const BundleHeader& header, const DiskRecord* disks) {
    for (std::uint32_t i = 0; i < header.disk_count; ++i) {
        if (!terminated(disks[i].name)) return "a disk's name is not terminated";
        if (!abi::service_sane(disks[i].service)) return "a disk's service profile is out of range";
    }
    return nullptr;
}

// Is each cell's first environment on core 0, and are they in the order of their cores?
const char* check_order(const BundleHeader& header, const CellRecord* cells,
                        const EnvRecord* envs) {
    for (std::uint32_t i = 0; i < header.cell_count; ++i) {
        const CellRecord& cell = cells[i];
        std::uint32_t core = 0;
        std::uint32_t on_core = 0;
        for (std::uint32_t e = 0; e < cell.env_count; ++e) {
            const EnvRecord& env = envs[cell.first_env + e];
            if (env.core < core || env.core >= cell.cores || (e == 0 && env.core != 0)) {
                return "a cell's environments are not in the order of its cores";
            }
            on_core = env.core == core ? on_core + 1 : 1;
            core = env.core;
            if (on_core > abi::cell_envs_max) return "a core has too many environments";
        }
    }
    return nullptr;
}

const char* check_envs(const BundleHeader& header, const EnvRecord* envs) {
    for (std::uint32_t i = 0; i < header.env_count; ++i) {
        const EnvRecord& env = envs[i];
        if (!terminated(env.name) || !terminated(env.program)) {
            return "an environment's name is not terminated";
        }
        if (env.arguments_offset > header.size_bytes ||
            env.arguments_bytes > header.size_bytes - env.arguments_offset) {
            return "an environment's arguments lie outside the bundle";
        }
        for (const std::uint32_t module : env.modules) {
            if (module != abi::no_file && module >= header.file_count) {
                return "an environment's module does not exist";
            }
        }
    }
    return nullptr;
}

}  // namespace

const char* bundle_check(const std::byte* blob, std::uint64_t bytes) {
    if (bytes < sizeof(BundleHeader)) return "the bundle is too short for its header";
    const auto& header = *reinterpret_cast<const BundleHeader*>(blob);
    if (header.magic != abi::bundle_magic) return "no boot bundle (wrong magic number)";
    if (header.size_bytes > bytes || header.size_bytes < sizeof(BundleHeader)) {
        return "the bundle is truncated";
    }
    if (header.size_bytes > abi::bundle_bytes_max) return "the bundle is too large";
    if (header.file_count > abi::bundle_files_max || header.cell_count > abi::bundle_cells_max ||
        header.cell_count == 0 || header.disk_count > abi::bundle_disks_max) {
        return "too many files, disks or cells, or no cell";
    }
    if (!in_range(header, header.files_offset, header.file_count, sizeof(FileRecord)) ||
        !in_range(header, header.cells_offset, header.cell_count, sizeof(CellRecord)) ||
        !in_range(header, header.envs_offset, header.env_count, sizeof(EnvRecord)) ||
        !in_range(header, disks_offset(header), header.disk_count, sizeof(DiskRecord))) {
        return "a bundle table lies outside the bundle";
    }
    auto table = [blob](std::uint64_t offset) { return blob + offset; };
    if (const char* wrong = check_files(
            header, reinterpret_cast<const FileRecord*>(table(header.files_offset)))) {
        return wrong;
    }
    const auto* cells = reinterpret_cast<const CellRecord*>(table(header.cells_offset));
    const auto* envs = reinterpret_cast<const EnvRecord*>(table(header.envs_offset));
    if (const char* wrong = check_cells(header, cells)) return wrong;
    if (const char* wrong = check_envs(header, envs)) return wrong;
    const auto* disks = reinterpret_cast<const DiskRecord*>(table(abi::disks_offset(header)));
    if (const char* wrong = check_disks(header, disks)) return wrong;
    return check_order(header, cells, envs);
}

}  // namespace kernel
