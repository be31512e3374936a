// AddressWindow: a range of the host's address space in which a MemoryFile's pages appear.
//
// map() and protect() make raw system calls: they run in a signal handler, and sanitizers
// must not take them for accesses. Pages are counted over all windows of the process, because
// Linux bounds the mappings of a process (vm.max_map_count) and, once at the bound, refuses
// even to unmap; an isolated page costs two.
// A window that ends is kept for the process's next one of the same file and range, with what it
// showed out of reach: to show the same again is then a change of protection, a third of the price.
// Invariant: what map() did not show, nobody can access.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "sim/host/memory_file.hpp"
#include "sim/host/shown_pages.hpp"

namespace sim::host {

enum class Protection : std::uint8_t { none = 0, read = 1, read_write = 3, read_execute = 5 };

class AddressWindow {
public:
    // For pages of `file`, which outlives it; `pages_max` of them at once. Error, in one sentence:
    // the range is taken, or the host refuses.
    static std::expected<AddressWindow, std::string> reserve(std::uint64_t first,
                                                             std::uint64_t size,
                                                             const MemoryFile& file,
                                                             std::uint32_t pages_max);
    AddressWindow(AddressWindow&& other) noexcept;
    AddressWindow& operator=(AddressWindow&&) = delete;
    ~AddressWindow();

    // Shows `count` pages of the file from byte `offset` on at `address`. False: refused, by the
    // host or because there is no room for more.
    bool map(std::uint64_t address, std::uint64_t count, std::uint64_t offset,
             Protection protection);
    bool protect(std::uint64_t address, std::uint64_t count, Protection protection);
    // Back to showing nothing.
    void clear();
    // Is the process close to the host's bound on mappings?
    static bool crowded();

private:
    AddressWindow(std::uint64_t first, std::uint64_t size, const MemoryFile& file,
                  std::uint32_t pages_max)
        : first_{first},
          size_{size},
          descriptor_{file.descriptor()},
          serial_{file.serial()},
          shown_{2 * pages_max} {}  // those of the one before it, and its own

    static std::optional<AddressWindow> spare(std::uint64_t first, std::uint64_t size,
                                              const MemoryFile& file, std::uint32_t pages_max);
    void keep();
    void unmap();

    std::uint64_t first_;
    std::uint64_t size_;  // 0: moved from
    int descriptor_;
    std::uint64_t serial_;  // the file's
    ShownPages shown_;
};

}  // namespace sim::host
