#include "sim/host/address_window.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "kernel/base/assert.hpp"

namespace sim::host {

namespace {

constexpr std::uint64_t page_size = 4096;

std::atomic<std::uint64_t> pages_shown{0};  // of the process: the bound is the process's

std::uint64_t read_mappings_max() {
    std::uint64_t mappings = 0;
    std::ifstream{"/proc/sys/vm/max_map_count"} >> mappings;
    return mappings != 0 ? mappings : 65'530;
}

// How many pages may be shown: two mappings each, and a fifth left for everything else.
std::uint64_t pages_shown_max() {
    static const std::uint64_t pages = read_mappings_max() * 2 / 5;
    return pages;
}

long map_raw(std::uint64_t address, std::uint64_t size, int protection, int flags, int file,
             std::uint64_t offset) {
    return syscall(SYS_mmap, address, size, protection, flags, file, offset);
}

}  // namespace

std::expected<AddressWindow, std::string> AddressWindow::reserve(std::uint64_t first,
                                                                 std::uint64_t size) {
    pages_shown_max();  // reads a file: not in the signal handler
    const long got =
        map_raw(first, size, PROT_NONE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (got != -1 && static_cast<std::uint64_t>(got) == first) return AddressWindow{first, size};
    const std::string why = got == -1 ? std::strerror(errno) : "the range is taken";
    if (got != -1) syscall(SYS_munmap, got, size);
    char place[32];
    std::snprintf(place, sizeof place, "0x%llx", static_cast<unsigned long long>(first));
    return std::unexpected("cannot reserve " + std::to_string(size >> 30) +
                           " GiB of addresses at " + place + ": " + why);
}

AddressWindow::AddressWindow(AddressWindow&& other) noexcept
    : first_{other.first_},
      size_{std::exchange(other.size_, 0)},
      pages_{std::exchange(other.pages_, 0)} {}

AddressWindow::~AddressWindow() {
    if (size_ == 0) return;
    syscall(SYS_munmap, first_, size_);
    pages_shown -= pages_;
}

bool AddressWindow::map(std::uint64_t address, std::uint64_t count, int file,
                        std::uint64_t offset, Protection protection) {
    CHITIN_ASSERT(address >= first_ && address + count * page_size <= first_ + size_);
    if (map_raw(address, count * page_size, static_cast<int>(protection), MAP_SHARED | MAP_FIXED,
                file, offset) == -1) {
        return false;
    }
    pages_ += count;
    pages_shown += count;
    return true;
}

bool AddressWindow::protect(std::uint64_t address, std::uint64_t count, Protection protection) {
    CHITIN_ASSERT(address >= first_ && address + count * page_size <= first_ + size_);
    return syscall(SYS_mprotect, address, count * page_size, static_cast<int>(protection)) == 0;
}

void AddressWindow::clear() {
    const long got = map_raw(first_, size_, PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    CHITIN_ASSERT(got != -1);
    pages_shown -= pages_;
    pages_ = 0;
}

bool AddressWindow::crowded() { return pages_shown.load() >= pages_shown_max(); }

}  // namespace sim::host
