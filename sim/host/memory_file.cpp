#include "sim/host/memory_file.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace sim::host {

namespace {

// Pages that are touched anyway are cheaper to get at once than by one fault each.
constexpr std::uint64_t populate_bytes_max = 64 << 20;

std::string refused(const char* what, std::uint64_t bytes) {
    return "the host refuses " + std::to_string(bytes >> 10) + " KiB of memory (" + what + ": " +
           std::strerror(errno) + ")";
}

}  // namespace

std::expected<MemoryFile, std::string> MemoryFile::create(std::uint64_t bytes) {
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
    madvise(view, std::min(bytes, populate_bytes_max), MADV_POPULATE_WRITE);
    return MemoryFile{descriptor, {static_cast<std::byte*>(view), bytes}};
}

MemoryFile::MemoryFile(MemoryFile&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)}, view_{std::exchange(other.view_, {})} {}

MemoryFile::~MemoryFile() {
    if (descriptor_ < 0) return;
    munmap(view_.data(), view_.size());
    close(descriptor_);
}

}  // namespace sim::host
