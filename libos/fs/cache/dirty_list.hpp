#pragma once

/// The dirty list: which slots of a cache differ from the device, the longest dirty first.
///
/// Invariant: a slot is on it at most once; it keeps the time at which it came.

#include <cstdint>
#include <limits>

#include "kernel/base/arena.hpp"
#include "libos/fs/choice/write_back.hpp"

namespace libos::fs::cache {

class DirtyList {
public:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

    static constexpr std::size_t bytes(std::uint32_t slots) {
        return kernel::base::Arena::room<Link>(slots);
    }

    DirtyList() = default;
    DirtyList(kernel::base::Arena& arena, std::uint32_t slots)
        : links_{arena.take<Link>(slots)} {}

    [[nodiscard]] std::uint32_t count() const { return count_; }
    [[nodiscard]] bool holds(std::uint32_t slot) const { return links_[slot].on; }
    [[nodiscard]] std::uint32_t oldest() const { return oldest_; }
    /// The one that came after `slot`, or none.
    [[nodiscard]] std::uint32_t newer(std::uint32_t slot) const { return links_[slot].newer; }
    /// At least one is dirty.
    [[nodiscard]] choice::DirtyState state(std::uint64_t now_ns) const {
        return {.dirty = count_,
                .slots = static_cast<std::uint32_t>(links_.size()),
                .now_ns = now_ns,
                .oldest_ns = links_[oldest_].since_ns};
    }

    /// Nothing changes for one that is on it.
    void add(std::uint32_t slot, std::uint64_t now_ns) {
        Link& link = links_[slot];
        if (link.on) return;
        link = {.since_ns = now_ns, .newer = none, .older = newest_, .on = true};
        (newest_ == none ? oldest_ : links_[newest_].newer) = slot;
        newest_ = slot;
        ++count_;
    }

    void remove(std::uint32_t slot) {
        Link& link = links_[slot];
        if (!link.on) return;
        (link.newer == none ? newest_ : links_[link.newer].older) = link.older;
        (link.older == none ? oldest_ : links_[link.older].newer) = link.newer;
        link.on = false;
        --count_;
    }

private:
    struct Link {
        std::uint64_t since_ns = 0;
        std::uint32_t newer = none;
        std::uint32_t older = none;
        bool on = false;
    };

    std::span<Link> links_;
    std::uint32_t oldest_ = none;
    std::uint32_t newest_ = none;
    std::uint32_t count_ = 0;
};

}  // namespace libos::fs::cache
