#include "sim/testbed/bundle.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "kernel/abi/types.hpp"

namespace sim::testbed {

namespace {

using kernel::abi::BundleHeader;
using kernel::abi::CellRecord;
using kernel::abi::DiskRecord;
using kernel::abi::EnvRecord;
using kernel::abi::FileKind;
using kernel::abi::FileRecord;

template <std::size_t N>
void set_name(char (&field)[N], std::string_view name) {
    const std::size_t bytes = std::min(name.size(), N - 1);
    std::memcpy(field, name.data(), bytes);
}

class BundleWriter {
public:
    BundleWriter(const Scenario& scenario, const BundleOptions& options)
        : scenario_{scenario}, options_{options} {}

    std::expected<std::vector<std::byte>, std::string> write(
        std::span<const std::uint32_t> chosen);

private:
    void add_cell(const Cell& cell);
    void add_environment(const Environment& environment);
    std::uint16_t add_disks(const std::vector<Disk>& disks);
    void add_file(std::string_view name, FileKind kind, std::span<const std::byte> content);
    void align(std::size_t bytes) { blob_.resize((blob_.size() + bytes - 1) / bytes * bytes); }
    template <class T>
    std::uint64_t append(const std::vector<T>& records, std::size_t room);

    const Scenario& scenario_;
    const BundleOptions& options_;
    std::vector<std::byte> blob_;
    std::vector<CellRecord> cells_;
    std::vector<EnvRecord> envs_;
    std::vector<DiskRecord> disks_;
    std::vector<FileRecord> files_;
    std::string arguments_;
};

void BundleWriter::add_environment(const Environment& environment) {
    EnvRecord record{};
    set_name(record.name, environment.name);
    set_name(record.program, environment.program);
    record.limit_frames = environment.limit_frames;
    record.guarantee_frames = environment.guarantee_frames;
    record.arguments_offset = arguments_.size();  // relative, until their place is known
    for (const auto& [name, value] : environment.arguments) {
        arguments_ += name + "=" + value + "\n";
    }
    record.arguments_bytes = arguments_.size() - record.arguments_offset;
    std::ranges::fill(record.modules, kernel::abi::no_file);
    std::ranges::copy(environment.modules, record.modules);
    record.core = environment.core;
    envs_.push_back(record);
}

// Cells that have the same disks share their records. Returns the first one's number.
std::uint16_t BundleWriter::add_disks(const std::vector<Disk>& disks) {
    std::vector<DiskRecord> records;
    for (const Disk& disk : disks) {
        DiskRecord record{};
        set_name(record.name, disk.name);
        record.service = disk.service;
        records.push_back(record);
    }
    const auto same = [](const DiskRecord& a, const DiskRecord& b) {
        return std::memcmp(&a, &b, sizeof a) == 0;
    };
    auto place = std::ranges::search(disks_, records, same).begin();
    const auto first = static_cast<std::uint16_t>(place - disks_.begin());
    if (place == disks_.end()) disks_.insert(place, records.begin(), records.end());
    return first;
}

void BundleWriter::add_cell(const Cell& cell) {
    CellRecord record{};
    set_name(record.name, cell.name);
    record.pool_frames = cell.machine.pool_frames;
    record.first_env = static_cast<std::uint32_t>(envs_.size());
    record.env_count = static_cast<std::uint32_t>(cell.environments.size());
    record.trace_full = options_.trace_full ? 1 : 0;
    record.seed = cell.machine.seed;
    record.slice_ns = cell.machine.slice_ns;
    record.costs = cell.machine.costs;
    record.cores = cell.machine.cores;
    if (!cell.machine.disks.empty()) {
        record.first_disk = add_disks(cell.machine.disks);
        record.disk_count = static_cast<std::uint16_t>(cell.machine.disks.size());
    }
    cells_.push_back(record);
    for (const Environment& environment : cell.environments) add_environment(environment);
}

template <class T>
std::uint64_t BundleWriter::append(const std::vector<T>& records, std::size_t room) {
    align(8);
    const std::uint64_t offset = blob_.size();
    blob_.resize(offset + std::max(room, records.size()) * sizeof(T));
    if (!records.empty()) {
        std::memcpy(blob_.data() + offset, records.data(), records.size() * sizeof(T));
    }
    return offset;
}

void BundleWriter::add_file(std::string_view name, FileKind kind,
                            std::span<const std::byte> content) {
    align(kernel::abi::page_size);
    FileRecord record{};
    set_name(record.name, name);
    record.kind = kind;
    record.offset = blob_.size();
    record.size_bytes = content.size();
    files_.push_back(record);
    blob_.insert(blob_.end(), content.begin(), content.end());
}

std::expected<std::vector<std::byte>, std::string> BundleWriter::write(
    std::span<const std::uint32_t> chosen) {
    for (const std::uint32_t index : chosen) add_cell(scenario_.cells[index]);
    if (scenario_.files.size() + options_.programs.size() > kernel::abi::bundle_files_max) {
        return std::unexpected("the bundle has too many files");
    }
    if (disks_.size() > kernel::abi::bundle_disks_max) {
        return std::unexpected("the bundle has too many disks");
    }
    BundleHeader header{};
    blob_.resize(sizeof header);
    header.files_offset = append(files_, kernel::abi::bundle_files_max);
    header.cells_offset = append(cells_, 0);
    const std::uint64_t arguments = blob_.size() + envs_.size() * sizeof(EnvRecord) +
                                    disks_.size() * sizeof(DiskRecord);
    for (EnvRecord& record : envs_) record.arguments_offset += arguments;
    header.envs_offset = append(envs_, 0);
    append(disks_, 0);
    const auto* text = reinterpret_cast<const std::byte*>(arguments_.data());
    blob_.insert(blob_.end(), text, text + arguments_.size());
    for (const DataFile& file : scenario_.files) add_file(file.name, FileKind::data, file.image);
    for (const ProgramFile& file : options_.programs) {
        add_file(file.name, FileKind::program, file.image);
    }
    align(kernel::abi::page_size);
    header.magic = kernel::abi::bundle_magic;
    header.size_bytes = blob_.size();
    header.file_count = static_cast<std::uint32_t>(files_.size());
    header.cell_count = static_cast<std::uint32_t>(cells_.size());
    header.env_count = static_cast<std::uint32_t>(envs_.size());
    header.disk_count = static_cast<std::uint32_t>(disks_.size());
    std::memcpy(blob_.data(), &header, sizeof header);
    if (!files_.empty()) {
        std::memcpy(blob_.data() + header.files_offset, files_.data(),
                    files_.size() * sizeof(FileRecord));
    }
    if (blob_.size() > kernel::abi::bundle_bytes_max) {
        return std::unexpected(fmt::format("the bundle has {} bytes, at most {} fit",
                                           blob_.size(), kernel::abi::bundle_bytes_max));
    }
    return std::move(blob_);
}

}  // namespace

std::expected<std::vector<std::byte>, std::string> make_bundle(
    const Scenario& scenario, std::span<const std::uint32_t> chosen, const BundleOptions& options) {
    return BundleWriter{scenario, options}.write(chosen);
}

}  // namespace sim::testbed
