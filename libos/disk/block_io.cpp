#include "libos/disk/block_io.hpp"

#include <cstring>

namespace libos::disk {

using kernel::abi::page_size;

rt::Result<void> BlockIo::begin(Slot blocks) {
    TRY(ring_.begin(blocks));
    rt::Space& space = environment_.space();
    const rt::VirtAddr first = space.reserve(pages_max);
    for (std::uint32_t i = 0; i < pages_max; ++i) {
        frames_[i] = TRY(space.allocate());
        space.guarantee(frames_[i]);
        TRY(space.map(frames_[i], rt::VirtAddr{first.value + i * page_size},
                      rt::Rights::read | rt::Rights::write));
    }
    pages_ = reinterpret_cast<std::byte*>(first.value);
    return {};
}

void BlockIo::clear(std::uint32_t index) const { std::memset(page(index), 0, page_size); }

DiskCompletion BlockIo::ask(DiskOp op, Slot blocks, std::uint32_t block, std::uint32_t index,
                            std::uint32_t count) {
    DiskRequest request{};
    request.op = op;
    request.extent = blocks;
    request.block = block;
    request.count = count;
    for (std::uint32_t i = 0; i < count; ++i) request.frames[i] = frames_[index + i];
    ring_.put(request);
    ring_.by(blocks);
    const auto told = ring_.submit();
    if (!told.has_value()) return {0, told.error(), 0};
    return ring_.wait();
}

}  // namespace libos::disk
