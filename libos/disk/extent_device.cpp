#include "libos/disk/extent_device.hpp"

#include <cstring>

#include "kernel/base/order.hpp"

namespace libos::disk {

namespace {

using kernel::abi::disk_request_blocks_max;
using kernel::abi::page_size;
using kernel::base::min;

static_assert(ExtentDevice::buffer_pages / disk_request_blocks_max <=
              kernel::abi::disk_requests_max);

std::uint32_t batch_of(std::size_t bytes_left) {
    return static_cast<std::uint32_t>(
        min<std::size_t>(bytes_left / page_size, ExtentDevice::buffer_pages));
}

}  // namespace

rt::Result<void> ExtentDevice::begin(Slot extent) {
    const rt::calls::BlockRange range = TRY(rt::calls::extent_range(extent));
    TRY(ring_.begin(extent));
    rt::Space& space = environment_.space();
    const rt::VirtAddr first = space.reserve(buffer_pages);
    for (std::uint32_t i = 0; i < buffer_pages; ++i) {
        slots_[i] = TRY(space.allocate());
        space.guarantee(slots_[i]);
        TRY(space.map(slots_[i], rt::VirtAddr{first.value + i * page_size},
                      rt::Rights::read | rt::Rights::write));
    }
    buffers_ = reinterpret_cast<std::byte*>(first.value);
    extent_ = extent;
    blocks_ = range.count;
    return {};
}

bool ExtentDevice::inside(std::uint64_t first, std::size_t bytes) const {
    return bytes % page_size == 0 && first <= blocks_ && bytes / page_size <= blocks_ - first;
}

// The blocks [first, first + count) in the first `count` buffers.
void ExtentDevice::ask(DiskOp op, std::uint64_t first, std::uint32_t count) {
    for (std::uint32_t done = 0; done < count;) {
        DiskRequest request{};
        request.op = op;
        request.extent = extent_;
        request.block = static_cast<std::uint32_t>(first) + done;
        request.count = min(count - done, disk_request_blocks_max);
        for (std::uint32_t i = 0; i < request.count; ++i) request.frames[i] = slots_[done + i];
        done += request.count;
        ring_.put(request);
    }
}

fs::Result<void> ExtentDevice::answers() {
    if (!ring_.submit().has_value()) return fs::error(fs::Error::io);
    bool well = true;
    while (ring_.unanswered() != 0) {
        well &= ring_.wait().status == kernel::abi::Status::ok;
    }
    if (!well) return fs::error(fs::Error::io);
    return {};
}

fs::Result<void> ExtentDevice::read(std::uint64_t first, std::span<std::byte> into) {
    if (!inside(first, into.size())) return fs::error(fs::Error::invalid);
    while (!into.empty()) {
        const std::uint32_t count = batch_of(into.size());
        ask(DiskOp::read, first, count);
        counts_.reads += ring_.unanswered();
        counts_.blocks_read += count;
        if (const auto well = answers(); !well) return well;
        std::memcpy(into.data(), buffer(0), count * page_size);
        into = into.subspan(count * page_size);
        first += count;
    }
    return {};
}

fs::Result<void> ExtentDevice::write(std::uint64_t first, std::span<const std::byte> from) {
    if (!inside(first, from.size())) return fs::error(fs::Error::invalid);
    while (!from.empty()) {
        const std::uint32_t count = batch_of(from.size());
        std::memcpy(buffer(0), from.data(), count * page_size);
        ask(DiskOp::write, first, count);
        counts_.writes += ring_.unanswered();
        counts_.blocks_written += count;
        if (const auto well = answers(); !well) return well;
        from = from.subspan(count * page_size);
        first += count;
    }
    return {};
}

fs::Result<void> ExtentDevice::flush() {
    DiskRequest request{};
    request.op = DiskOp::flush;
    request.extent = extent_;
    ring_.put(request);
    ++counts_.flushes;
    return answers();
}

}  // namespace libos::disk
