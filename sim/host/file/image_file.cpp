#include "sim/host/file/image_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace sim::host::file {

namespace {

std::unexpected<std::string> refused(const std::string& path, const char* what, int descriptor) {
    const std::string reason = std::strerror(errno);
    if (descriptor >= 0) close(descriptor);
    return std::unexpected(path + ": cannot " + what + ": " + reason);
}

}  // namespace

std::expected<ImageFile, std::string> ImageFile::open(const std::string& path, Use use) {
    const int how = use == Use::read_only ? O_RDONLY : O_RDWR;
    const int descriptor = ::open(path.c_str(), how | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return refused(path, "open", descriptor);
    return locked(descriptor, path, use);
}

std::expected<ImageFile, std::string> ImageFile::create(const std::string& path,
                                                        std::uint64_t bytes) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    if (descriptor < 0) return refused(path, "create", descriptor);
    auto file = locked(descriptor, path, Use::read_write);
    if (!file) return file;
    if (ftruncate(descriptor, 0) != 0 || ftruncate(descriptor, static_cast<off_t>(bytes)) != 0) {
        return refused(path, "set the size of", -1);
    }
    file->bytes_ = bytes;
    return file;
}

std::expected<ImageFile, std::string> ImageFile::locked(int descriptor, const std::string& path,
                                                        Use use) {
    struct stat facts {};
    if (fstat(descriptor, &facts) != 0) return refused(path, "examine", descriptor);
    if (!S_ISREG(facts.st_mode) && !S_ISBLK(facts.st_mode)) {
        close(descriptor);
        return std::unexpected(path + ": expected an image: a regular file or a block device");
    }
    if (flock(descriptor, (use == Use::read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return refused(path, "lock", descriptor);
        close(descriptor);
        return std::unexpected(path + ": in use by another process");
    }
    const off_t end = lseek(descriptor, 0, SEEK_END);
    if (end < 0) return refused(path, "measure", descriptor);
    return ImageFile{descriptor, static_cast<std::uint64_t>(end), use};
}

ImageFile::ImageFile(ImageFile&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)}, bytes_{other.bytes_}, use_{other.use_} {}

ImageFile::~ImageFile() {
    if (descriptor_ >= 0) close(descriptor_);
}

bool ImageFile::read(std::uint64_t offset, std::span<std::byte> into) const {
    while (!into.empty()) {
        const ssize_t got =
            pread(descriptor_, into.data(), into.size(), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        into = into.subspan(static_cast<std::size_t>(got));
        offset += static_cast<std::uint64_t>(got);
    }
    return true;
}

bool ImageFile::write(std::uint64_t offset, std::span<const std::byte> from) const {
    while (!from.empty()) {
        const ssize_t put =
            pwrite(descriptor_, from.data(), from.size(), static_cast<off_t>(offset));
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return false;
        from = from.subspan(static_cast<std::size_t>(put));
        offset += static_cast<std::uint64_t>(put);
    }
    return true;
}

bool ImageFile::flush() const { return fsync(descriptor_) == 0; }

}  // namespace sim::host::file
