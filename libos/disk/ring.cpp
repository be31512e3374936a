#include "libos/disk/ring.hpp"

#include <atomic>

#include "kernel/base/assert.hpp"

namespace libos::disk {

using kernel::abi::disk_requests_max;
using rt::Rights;

rt::Result<void> Ring::begin(Slot extent) {
    rt::Space& space = environment_.space();
    const Slot slot = TRY(space.allocate());
    space.guarantee(slot);
    const rt::VirtAddr address = space.reserve(1);
    TRY(space.map(slot, address, Rights::read | Rights::write));
    page_ = reinterpret_cast<kernel::abi::DiskRing*>(address.value);
    extent_ = extent;
    TRY(rt::calls::disk_ring(extent, slot));
    return {};
}

void Ring::put(const DiskRequest& request) {
    CHITIN_ASSERT(!full());
    page_->requests[put_++ % disk_requests_max] = request;
}

rt::Result<void> Ring::submit() {
    const std::uint32_t count = put_ - submitted_;
    if (count == 0) return {};
    std::atomic_thread_fence(std::memory_order_release);
    const auto told = rt::calls::disk_submit(extent_, count);
    if (!told.has_value()) {
        put_ = submitted_;
        return kernel::base::error(told.error());
    }
    submitted_ = put_;
    return {};
}

bool Ring::answered() const {
    return __atomic_load_n(&page_->completed, __ATOMIC_ACQUIRE) != taken_;
}

std::optional<DiskCompletion> Ring::take() {
    if (!answered()) return std::nullopt;
    return page_->completions[taken_++ % disk_requests_max];
}

DiskCompletion Ring::wait() {
    CHITIN_ASSERT(submitted_ != taken_);
    if (!answered()) environment_.upcalls().wait(kernel::abi::never, [this] { return answered(); });
    return *take();
}

}  // namespace libos::disk
