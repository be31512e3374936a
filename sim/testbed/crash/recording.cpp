#include "sim/testbed/crash/recording.hpp"

#include <algorithm>
#include <utility>

namespace sim::testbed::crash {

using libos::fs::Error;
using libos::fs::Result;

RecordingDevice::RecordingDevice(std::vector<std::byte> image, std::uint32_t block_size, bool lies)
    : block_size_{block_size}, lies_{lies}, now_{image} {
    recording_.image = std::move(image);
    recording_.epochs.emplace_back();
}

bool RecordingDevice::inside(std::uint64_t first, std::size_t bytes) const {
    return bytes % block_size_ == 0 && first <= blocks() &&
           bytes / block_size_ <= blocks() - first;
}

Result<void> RecordingDevice::read(std::uint64_t first, std::span<std::byte> into) {
    if (!inside(first, into.size())) return libos::fs::error(Error::invalid);
    std::copy_n(now_.begin() + static_cast<std::ptrdiff_t>(first * block_size_), into.size(),
                into.begin());
    return {};
}

Result<void> RecordingDevice::write(std::uint64_t first, std::span<const std::byte> from) {
    if (!inside(first, from.size())) return libos::fs::error(Error::invalid);
    std::ranges::copy(from, now_.begin() + static_cast<std::ptrdiff_t>(first * block_size_));
    recording_.epochs.back().writes.push_back(
        {first * block_size_ / sector_bytes, {from.begin(), from.end()}});
    return {};
}

Result<void> RecordingDevice::flush() {
    ++flushes_;
    Epoch& epoch = recording_.epochs.back();
    if (lies_ || epoch.writes.empty()) return {};
    const std::uint64_t mark = epoch.mark;
    recording_.epochs.emplace_back();
    recording_.epochs.back().mark = mark;
    return {};
}

}  // namespace sim::testbed::crash
