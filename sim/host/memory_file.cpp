#include "sim/host/memory_file.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

namespace sim::host {

namespace {

std::string refused(const char* what, std::uint64_t bytes) {
    return "the host refuses " + std::to_string(bytes >> 10) + " KiB of memory (" + what + ": " +
           std::strerror(errno) + ")";
}

constexpr std::uint64_t spare_bytes_max = 64 << 20;

void unmap(int descriptor, std::span<std::byte> view) {
    munmap(view.data(), view.size());
    close(descriptor);
}

// What a thread keeps: at most one.
struct Spare {
    int descriptor = -1;
    std::uint64_t serial = 0;
    std::span<std::byte> view;
    pid_t process = 0;

    ~Spare() { drop(); }
    void drop() {
        if (descriptor >= 0) unmap(descriptor, view);
        descriptor = -1;
    }
};
thread_local Spare the_spare;

// Zeroes what the file has been given so far; the rest of it is zero. False: the host does not
// say what that is.
bool clear(const Spare& spare) {
    const auto size = static_cast<off_t>(spare.view.size());
    for (off_t end = 0; end < size;) {
        const off_t first = lseek(spare.descriptor, end, SEEK_DATA);
        if (first < 0) return errno == ENXIO;  // no more of it
        end = lseek(spare.descriptor, first, SEEK_HOLE);
        if (end < 0) return false;
        std::memset(spare.view.data() + first, 0, static_cast<std::size_t>(end - first));
    }
    return true;
}

std::atomic<std::uint64_t> files{0};  // made so far

}  // namespace

std::expected<MemoryFile, std::string> MemoryFile::create(std::uint64_t bytes) {
    const bool fits = the_spare.descriptor >= 0 && the_spare.view.size() == bytes &&
                      the_spare.process == getpid();
    if (fits && clear(the_spare)) {
        return MemoryFile{std::exchange(the_spare.descriptor, -1), the_spare.serial,
                          the_spare.view};
    }
    the_spare.drop();
    const int descriptor = memfd_create("chitin-memory", MFD_CLOEXEC);
    if (descriptor < 0) return std::unexpected(refused("memfd_create", bytes));
    if (ftruncate(descriptor, static_cast<off_t>(bytes)) != 0) {
        const std::string error = refused("ftruncate", bytes);
        close(descriptor);
        return std::unexpected(error);
    }
    void* view = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (view == MAP_FAILED) {
        const std::string error = refused("mmap", bytes);
        close(descriptor);
        return std::unexpected(error);
    }
    return MemoryFile{descriptor, ++files, {static_cast<std::byte*>(view), bytes}};
}

MemoryFile::MemoryFile(MemoryFile&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)},
      serial_{other.serial_},
      view_{std::exchange(other.view_, {})} {}

bool MemoryFile::write(std::uint64_t offset, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t written =
            pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(written));
        offset += static_cast<std::uint64_t>(written);
    }
    return true;
}

MemoryFile::~MemoryFile() {
    if (descriptor_ < 0) return;
    if (the_spare.descriptor >= 0 || view_.size() > spare_bytes_max) {
        unmap(descriptor_, view_);
    } else {
        the_spare.descriptor = descriptor_;
        the_spare.serial = serial_;
        the_spare.view = view_;
        the_spare.process = getpid();
    }
}

}  // namespace sim::host
