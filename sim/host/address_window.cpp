#include "sim/host/address_window.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <list>
#include <mutex>
#include <utility>

#include "kernel/base/assert.hpp"

namespace sim::host {

namespace {

constexpr std::uint64_t page_size = 4096;

std::atomic<std::uint64_t> pages_shown{0};  // of the process: the bound is the process's

// Windows that ended, of one machine at most.
struct Spares {
    std::mutex mutex;
    std::list<AddressWindow> windows;
};
constexpr std::size_t spares_max = 64;
constexpr std::uint32_t spare_pages_max = 4096;  // of one window
Spares& spares() {
    static Spares all;
    return all;
}

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
                                                                 std::uint64_t size,
                                                                 const MemoryFile& file,
                                                                 std::uint32_t pages_max) {
    pages_shown_max();  // reads a file: not in the signal handler
    if (auto kept = spare(first, size, file, pages_max)) return std::move(*kept);
    const long got =
        map_raw(first, size, PROT_NONE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (got != -1 && static_cast<std::uint64_t>(got) == first) {
        return AddressWindow{first, size, file, pages_max};
    }
    const std::string why = got == -1 ? std::strerror(errno) : "the range is taken";
    if (got != -1) syscall(SYS_munmap, got, size);
    char place[32];
    std::snprintf(place, sizeof place, "0x%llx", static_cast<unsigned long long>(first));
    return std::unexpected("cannot reserve " + std::to_string(size >> 30) +
                           " GiB of addresses at " + place + ": " + why);
}

// One that fits; else none is kept any longer, since it may lie where the new one shall.
std::optional<AddressWindow> AddressWindow::spare(std::uint64_t first, std::uint64_t size,
                                                  const MemoryFile& file,
                                                  std::uint32_t pages_max) {
    Spares& all = spares();
    const std::scoped_lock lock{all.mutex};
    const auto fitting = std::ranges::find_if(all.windows, [&](const AddressWindow& one) {
        return one.first_ == first && one.size_ == size && one.serial_ == file.serial() &&
               one.shown_.pages_max() >= 2 * pages_max;
    });
    if (fitting != all.windows.end()) {
        AddressWindow found{std::move(*fitting)};
        all.windows.erase(fitting);
        if (!found.shown_.room_for(pages_max)) found.clear();
        return found;
    }
    for (AddressWindow& one : all.windows) one.unmap();
    all.windows.clear();
    return std::nullopt;
}

AddressWindow::AddressWindow(AddressWindow&& other) noexcept
    : first_{other.first_},
      size_{std::exchange(other.size_, 0)},
      descriptor_{other.descriptor_},
      serial_{other.serial_},
      shown_{std::move(other.shown_)} {}

AddressWindow::~AddressWindow() {
    if (size_ != 0) keep();
}

bool AddressWindow::map(std::uint64_t address, std::uint64_t count, std::uint64_t offset,
                        Protection protection) {
    CHITIN_ASSERT(address >= first_ && address + count * page_size <= first_ + size_);
    const auto page = static_cast<std::uint32_t>((address - first_) / page_size);
    const auto shown = static_cast<std::uint32_t>(offset / page_size);
    bool known = true;
    for (std::uint32_t i = 0; i < count && known; ++i) known = shown_.holds(page + i, shown + i);
    if (known) return protect(address, count, protection);
    if (!shown_.room_for(count)) return false;
    if (map_raw(address, count * page_size, static_cast<int>(protection),
                MAP_SHARED | MAP_FIXED | MAP_POPULATE, descriptor_, offset) == -1) {
        return false;
    }
    const std::uint32_t before = shown_.size();
    for (std::uint32_t i = 0; i < count; ++i) shown_.set(page + i, shown + i);
    pages_shown += shown_.size() - before;
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
    pages_shown -= shown_.size();
    shown_.clear();
}

void AddressWindow::unmap() {
    syscall(SYS_munmap, first_, size_);
    pages_shown -= shown_.size();
    size_ = 0;
}

void AddressWindow::keep() {
    Spares& all = spares();
    const std::scoped_lock lock{all.mutex};
    const bool small = shown_.size() <= spare_pages_max && all.windows.size() < spares_max;
    if (small && protect(first_, size_ / page_size, Protection::none)) {
        all.windows.push_back(std::move(*this));
    } else {
        unmap();
    }
}

bool AddressWindow::crowded() { return pages_shown.load() >= pages_shown_max(); }

}  // namespace sim::host
