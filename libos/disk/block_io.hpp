// BlockIo: requests of one block each, one at a time, and the pages they go to and come from.
//
// For metadata, whose writes have an order to keep: the next is asked for when the last was
// answered.
#pragma once

#include "libos/disk/ring.hpp"

namespace libos::disk {

class BlockIo {
public:
    static constexpr std::uint32_t pages_max = 16;

    explicit BlockIo(rt::Environment& environment)
        : environment_{environment}, ring_{environment} {}

    // Makes the ring on the disk of that extent or node, and the pages. Errors: as Ring::begin and
    // allocate.
    rt::Result<void> begin(Slot blocks);

    // Page 0..pages_max - 1: its bytes, and the slot of its frame.
    std::byte* page(std::uint32_t index) const {
        return pages_ + index * kernel::abi::page_size;
    }
    template <class T>
    T* as(std::uint32_t index) const {
        return reinterpret_cast<T*>(page(index));
    }
    Slot frame(std::uint32_t index) const { return frames_[index]; }
    void clear(std::uint32_t index) const;

    // `count` blocks from `block` on, in the pages from `index` on. The answer, whatever it is.
    DiskCompletion ask(DiskOp op, Slot blocks, std::uint32_t block, std::uint32_t index,
                       std::uint32_t count = 1);
    kernel::abi::Status read(Slot blocks, std::uint32_t block, std::uint32_t index) {
        return ask(DiskOp::read, blocks, block, index).status;
    }
    // Durable when it returns ok.
    kernel::abi::Status write(Slot blocks, std::uint32_t block, std::uint32_t index) {
        return ask(DiskOp::write_fua, blocks, block, index).status;
    }
    kernel::abi::Status flush(Slot blocks) { return ask(DiskOp::flush, blocks, 0, 0, 0).status; }
    Ring& ring() { return ring_; }

private:
    rt::Environment& environment_;
    Ring ring_;
    std::byte* pages_ = nullptr;
    Slot frames_[pages_max] = {};
};

}  // namespace libos::disk
