// FrameSet: a pager's frames, each with two capabilities: one to map where the pager pleases,
// one mapped for good in a near view.
//
// Why two: filling and saving a page through the near view needs no mapping of its own and
// leaves the accessed and dirty bits of the other mapping alone, so that those tell what the
// program did. A page-in is one call then, and an eviction one.
//
// Frames come and go: add() and remove() by the owner, lose() by repossession. Since a frame may
// be taken by any kernel entry after a deadline, drain() is called after the last one before a
// near view is touched.
//
// Invariants: count() frames are live; `spare` ones hold no page; an index is stable while live.
#pragma once

#include "libos/rt/environment.hpp"

namespace libos::vm {

using FrameIndex = std::uint32_t;
inline constexpr FrameIndex no_frame = 0xffff'ffff;
inline constexpr std::uint32_t no_page_number = 0xffff'ffff;

class FrameSet {
public:
    // At most `frames_max` frames.
    rt::Result<void> begin(rt::Environment& environment, std::uint32_t frames_max);

    // A new frame, spare. Errors: as Space::allocate and Space::map.
    rt::Result<void> add();
    // Frees a spare frame. There must be one.
    void remove_spare();

    // Takes a spare frame for `page`, or gives no_frame.
    FrameIndex take(std::uint32_t page);
    void put_back(FrameIndex frame);

    // Calls lost(page) for each frame that was repossessed while it held a page.
    template <class Lost>
    void drain(Lost&& lost) {
        volatile kernel::abi::UpcallPage& page = environment_->upcalls().page();
        while (page.repossessed_count != 0) {
            const std::uint32_t count = page.repossessed_count;
            const bool all = count > kernel::abi::repossessed_max;
            const std::uint32_t candidates = all ? top_ : count;
            for (std::uint32_t i = 0; i < candidates; ++i) {
                const FrameIndex frame = all ? i : frame_at(page.repossessed[i].address.value);
                if (frame == no_frame || !gone(frame)) continue;
                const std::uint32_t held = lose(frame);
                if (held != no_page_number) lost(held);
            }
            // Nothing was taken since the count was read: `gone` enters the kernel, so look.
            if (page.repossessed_count == count) page.repossessed_count = 0;
        }
    }

    bool live(FrameIndex frame) const { return frames_[frame].state != State::none; }
    rt::Slot slot(FrameIndex frame) const { return frames_[frame].slot; }
    std::span<std::byte> bytes(FrameIndex frame) const {
        return {near_ + std::uint64_t{frame} * kernel::abi::page_size, kernel::abi::page_size};
    }
    std::uint32_t count() const { return count_; }
    std::uint32_t spare() const { return spare_; }
    std::uint32_t frames_max() const { return static_cast<std::uint32_t>(frames_.size()); }

private:
    enum class State : std::uint32_t { none, spare, used };
    struct Frame {
        rt::Slot slot;
        rt::Slot near;
        std::uint32_t page = no_page_number;
        State state = State::none;
        FrameIndex next = no_frame;  // of the spare or of the empty ones
    };

    FrameIndex frame_at(std::uint64_t address) const;
    bool gone(FrameIndex frame) const;
    std::uint32_t lose(FrameIndex frame);
    void make_empty(FrameIndex frame);
    void unlink_spare(FrameIndex frame);
    rt::Result<void> make(Frame& frame, FrameIndex index);

    rt::Environment* environment_ = nullptr;
    std::span<Frame> frames_;
    std::byte* near_ = nullptr;
    FrameIndex spare_first_ = no_frame;
    FrameIndex empty_first_ = no_frame;
    std::uint32_t top_ = 0;  // indices from here on were never used
    std::uint32_t count_ = 0;
    std::uint32_t spare_ = 0;
};

}  // namespace libos::vm
