#include "libos/vm/frame_set.hpp"

#include "libos/rt/site.hpp"

namespace libos::vm {

using kernel::abi::page_shift;
using kernel::abi::page_size;
using rt::Rights;
using rt::Slot;
using rt::Status;
using rt::VirtAddr;

rt::Result<void> FrameSet::begin(rt::Environment& environment, std::uint32_t frames_max) {
    environment_ = &environment;
    frames_ = environment.heap().array<Frame>(frames_max);
    if (frames_.size() != frames_max) return kernel::base::error(Status::no_frames);
    near_ = reinterpret_cast<std::byte*>(environment.space().reserve(frames_max).value);
    return {};
}

rt::Result<void> FrameSet::make(Frame& frame, FrameIndex index) {
    rt::Space& space = environment_->space();
    if (rt::disturbed(rt::LibosSite::frame) != 0) {
        return kernel::base::error(Status::no_frames);
    }
    frame.slot = TRY(space.allocate());
    const auto near = space.take_slot();
    if (!near.has_value()) {
        space.release(frame.slot);
        return kernel::base::error(near.error());
    }
    frame.near = *near;
    const auto mapped = [&]() -> rt::Result<void> {
        TRY(rt::calls::cap_derive(frame.slot, frame.near, Rights::read | Rights::write));
        const VirtAddr at{reinterpret_cast<std::uint64_t>(bytes(index).data())};
        return space.map(frame.near, at, Rights::read | Rights::write);
    }();
    if (mapped.has_value()) return mapped;
    space.release(frame.near);
    space.release(frame.slot);
    return mapped;
}

rt::Result<void> FrameSet::add() {
    const bool recycled = empty_first_ != no_frame;
    const FrameIndex index = recycled ? empty_first_ : top_;
    if (index >= frames_.size()) return kernel::base::error(Status::over_limit);
    Frame& frame = frames_[index];
    TRY(make(frame, index));
    if (recycled) {
        empty_first_ = frame.next;
    } else {
        ++top_;
    }
    ++count_;
    put_back(index);
    return {};
}

void FrameSet::remove_spare() {
    const FrameIndex index = take(no_page_number);
    CHITIN_ASSERT(index != no_frame);
    environment_->space().release(frames_[index].near);
    environment_->space().release(frames_[index].slot);
    make_empty(index);
}

void FrameSet::make_empty(FrameIndex index) {
    frames_[index].state = State::none;
    frames_[index].next = empty_first_;
    empty_first_ = index;
    --count_;
}

FrameIndex FrameSet::take(std::uint32_t page) {
    const FrameIndex index = spare_first_;
    if (index == no_frame) return no_frame;
    Frame& frame = frames_[index];
    spare_first_ = frame.next;
    --spare_;
    frame.state = State::used;
    frame.page = page;
    return index;
}

void FrameSet::put_back(FrameIndex index) {
    Frame& frame = frames_[index];
    frame.state = State::spare;
    frame.page = no_page_number;
    frame.next = spare_first_;
    spare_first_ = index;
    ++spare_;
}

FrameIndex FrameSet::frame_at(std::uint64_t address) const {
    const std::uint64_t index = (address - reinterpret_cast<std::uint64_t>(near_)) >> page_shift;
    return index < top_ ? static_cast<FrameIndex>(index) : no_frame;
}

bool FrameSet::gone(FrameIndex index) const {
    if (!live(index)) return false;
    const auto near = rt::calls::cap_identify(frames_[index].near);
    return near.has_value() && near->type == rt::CapType::none;
}

void FrameSet::unlink_spare(FrameIndex index) {
    FrameIndex* link = &spare_first_;
    while (*link != index) link = &frames_[*link].next;
    *link = frames_[index].next;
    --spare_;
}

// Its near view is gone; the kernel, whose work is bounded, may not have come to the other
// capability yet. The page it held, or no_page_number.
std::uint32_t FrameSet::lose(FrameIndex index) {
    Frame& frame = frames_[index];
    const std::uint32_t page = frame.page;
    if (frame.state == State::spare) unlink_spare(index);
    environment_->space().release(frame.near);
    environment_->space().release(frame.slot);
    frame.page = no_page_number;
    make_empty(index);
    return page;
}

}  // namespace libos::vm
