// MemoryFile: a machine's physical memory, as an anonymous file of the host.
//
// Why a file: the same bytes are mapped once for the kernel (view, always readable and
// writable) and again page by page at the addresses where environments see them.
//
// A thread keeps one that was given up, for the next machine of the same size: the host takes ten
// times as long to give a page as to clear one. Not across a fork: it would be the parent's too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>

namespace sim::host {

class MemoryFile {
public:
    // `bytes` of zeroes, a multiple of the page size. Error: one sentence.
    static std::expected<MemoryFile, std::string> create(std::uint64_t bytes);
    MemoryFile(MemoryFile&& other) noexcept;
    MemoryFile& operator=(MemoryFile&&) = delete;
    ~MemoryFile();

    // Puts `bytes` at `offset`, without a page fault for each page. False: refused.
    bool write(std::uint64_t offset, std::span<const std::byte> bytes);
    std::span<std::byte> view() const { return view_; }
    int descriptor() const { return descriptor_; }
    // Which file of the process it is: the same where it is one that was kept.
    std::uint64_t serial() const { return serial_; }

private:
    MemoryFile(int descriptor, std::uint64_t serial, std::span<std::byte> view)
        : descriptor_{descriptor}, serial_{serial}, view_{view} {}

    int descriptor_;
    std::uint64_t serial_;
    std::span<std::byte> view_;
};

}  // namespace sim::host
