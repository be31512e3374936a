#include "sim/host/memory_file.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace sim::host {

namespace {

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
    return MemoryFile{descriptor, {static_cast<std::byte*>(view), bytes}};
}

MemoryFile::MemoryFile(MemoryFile&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)}, view_{std::exchange(other.view_, {})} {}

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
    munmap(view_.data(), view_.size());
    close(descriptor_);
}

}  // namespace sim::host
