// InfoWindow: the kernel's true state and the boot bundle, read without a call.
//
// Everything here is the kernel's own memory, mapped read-only: what it says may change at any
// kernel entry, so values are read once where it matters.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "kernel/abi/bundle.hpp"
#include "kernel/abi/cycle.hpp"
#include "kernel/abi/disk.hpp"
#include "kernel/abi/info.hpp"

namespace libos::rt {

class InfoWindow {
public:
    explicit InfoWindow(std::uint64_t address) : address_{address} {}

    const kernel::abi::SystemInfo& system() const {
        return at<kernel::abi::SystemInfo>(address_);
    }
    const kernel::abi::EnvInfo& env(kernel::abi::EnvId id) const {
        return (&at<kernel::abi::EnvInfo>(address_ + kernel::abi::info_env_offset))[id.value];
    }
    const kernel::abi::CycleInfo& cycle() const {
        return at<kernel::abi::CycleInfo>(address_ + kernel::abi::info_cycle_offset);
    }
    // Of the cell's disk `disk`, which must be there (CellRecord::disk_count).
    const kernel::abi::DiskInfo& disk(std::uint32_t disk) const {
        return at<kernel::abi::DiskInfo>(address_ + kernel::abi::info_disk_offset(disk));
    }
    const kernel::abi::ExtentTable& extents(std::uint32_t disk) const {
        return at<kernel::abi::ExtentTable>(address_ + kernel::abi::info_disk_offset(disk) +
                                            kernel::abi::page_size);
    }
    const kernel::abi::Registry& registry(std::uint32_t disk) const {
        return at<kernel::abi::Registry>(
            address_ + kernel::abi::info_disk_offset(disk) +
            (1 + kernel::abi::extent_table_pages) * kernel::abi::page_size);
    }
    // Of a frame of the pool.
    const kernel::abi::FrameInfo& frame(kernel::abi::FrameNumber name) const {
        const std::uint32_t index = name.value - system().pool_first.value;
        return (&at<kernel::abi::FrameInfo>(address_ + kernel::abi::info_frame_offset))[index];
    }
    std::uint64_t relative(std::uint64_t address) const {
        return address - system().window_base;
    }

    // ---- the boot bundle, which the kernel has checked
    const kernel::abi::BundleHeader& bundle() const {
        return at<kernel::abi::BundleHeader>(bundle_address());
    }
    const kernel::abi::CellRecord& cell() const {
        return record<kernel::abi::CellRecord>(bundle().cells_offset, system().cell);
    }
    // How many records this core has: [0] is its root environment's, the others are its to start.
    std::uint32_t own_records() const { return system().env_count; }
    // The name of this core's record `index`.
    std::uint32_t own_record(std::uint32_t index) const { return system().first_env + index; }
    // nullptr: there is no such record.
    const kernel::abi::EnvRecord* env_record(std::uint32_t index) const {
        if (index >= bundle().env_count) return nullptr;
        return &record<kernel::abi::EnvRecord>(bundle().envs_offset, index);
    }
    std::string_view arguments(const kernel::abi::EnvRecord& of) const {
        return {&at<char>(bundle_address() + of.arguments_offset), of.arguments_bytes};
    }
    // The data file that is `of`'s module `index`, or an empty span.
    std::span<const std::byte> module(const kernel::abi::EnvRecord& of,
                                      std::uint32_t index) const {
        if (index >= kernel::abi::env_modules_max) return {};
        const std::uint32_t number = of.modules[index];
        if (number >= bundle().file_count) return {};
        const auto& file = record<kernel::abi::FileRecord>(bundle().files_offset, number);
        return {&at<std::byte>(bundle_address() + file.offset), file.size_bytes};
    }
    // Where a program begins, or nothing.
    std::optional<std::uint64_t> entry_of(std::string_view program) const {
        for (std::uint32_t i = 0; i < system().program_count; ++i) {
            const kernel::abi::ProgramInfo& info = system().programs[i];
            if (name_of(info.name) == program) return info.entry;
        }
        return std::nullopt;
    }

    // A fixed field of characters, up to its first zero.
    template <std::size_t N>
    static std::string_view name_of(const char (&field)[N]) {
        std::size_t size = 0;
        while (size < N && field[size] != '\0') ++size;
        return {field, size};
    }

private:
    template <class T>
    static const T& at(std::uint64_t address) {
        return *reinterpret_cast<const T*>(address);
    }
    std::uint64_t bundle_address() const { return address_ + kernel::abi::info_bundle_offset; }
    template <class T>
    const T& record(std::uint64_t offset, std::uint32_t index) const {
        return at<T>(bundle_address() + offset + index * sizeof(T));
    }

    std::uint64_t address_;
};

}  // namespace libos::rt
