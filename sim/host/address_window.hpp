// AddressWindow: a range of the host's address space in which a MemoryFile's pages appear.
//
// map() and protect() make raw system calls: they run in a signal handler, and sanitizers
// must not take them for accesses. Pages are counted over all windows of the process, because
// Linux bounds the mappings of a process (vm.max_map_count) and, once at the bound, refuses
// even to unmap; an isolated page costs two.
// Invariant: what map() did not show, nobody can access.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

namespace sim::host {

enum class Protection : std::uint8_t { none = 0, read = 1, read_write = 3, read_execute = 5 };

class AddressWindow {
public:
    // Error, in one sentence: the range is taken, or the host refuses.
    static std::expected<AddressWindow, std::string> reserve(std::uint64_t first,
                                                             std::uint64_t size);
    AddressWindow(AddressWindow&& other) noexcept;
    AddressWindow& operator=(AddressWindow&&) = delete;
    ~AddressWindow();

    // Shows `count` pages of `file` from byte `offset` on at `address`. False: refused.
    bool map(std::uint64_t address, std::uint64_t count, int file, std::uint64_t offset,
             Protection protection);
    bool protect(std::uint64_t address, std::uint64_t count, Protection protection);
    // Back to showing nothing.
    void clear();
    // Is the process close to the host's bound on mappings?
    static bool crowded();

private:
    AddressWindow(std::uint64_t first, std::uint64_t size) : first_{first}, size_{size} {}

    std::uint64_t first_;
    std::uint64_t size_;
    std::uint64_t pages_ = 0;  // shown since clear()
};

}  // namespace sim::host
