// Pager: a region of memory larger than the frames it may use, with any replacement policy.
//
// How it works: every page of the region has a page-table entry. A page fault brings the page
// in; where no frame is left, the policy names a victim, whose mapping is broken and whose
// contents are saved if the MMU marked them dirty. The libOS's own value in a non-present entry
// says whether the page was ever in memory.
//
// What the policy learns is the view:
//  - every_reference: the program calls reference() before each access, as a buffer cache's users
//    do. Misses are exactly those of the policy on that stream.
//  - accessed_bits: every `harvest` faults the accessed bits are read, told to the policy page by
//    page in address order, and cleared, as a real pager does. The access that faulted a page in
//    is no news at its first harvest.
//
// Taking back: give_back() answers a revocation by evicting; frames taken by force are found out
// by drain(), their pages leave the policy, and come in again from the object: what had not been
// saved is lost, and counted by whoever checks the contents.
//
// Invariants: resident() pages <= frames() used; each resident page has one live frame, and the
// policy knows exactly the resident pages. Everything runs with upcalls masked.
#pragma once

#include <algorithm>

#include "libos/policy/replacement.hpp"
#include "libos/vm/frame_set.hpp"
#include "libos/vm/leaf_views.hpp"
#include "libos/vm/memory_object.hpp"

namespace libos::vm {

enum class View : std::uint8_t { every_reference, accessed_bits };

struct PagerOptions {
    std::uint32_t pages;       // of the region
    std::uint32_t frames;      // it may use now
    std::uint32_t frames_max;  // it may ever use
    View view = View::accessed_bits;
    std::uint32_t harvest = 0;  // faults between harvests; 0: a quarter of the frames
    std::uint64_t seed = 0;
};

struct PagerCounts {
    std::uint64_t misses = 0;     // pages brought in
    std::uint64_t first = 0;      // of them, for the first time
    std::uint64_t evictions = 0;
    std::uint64_t writebacks = 0;
    std::uint64_t harvests = 0;
    std::uint64_t given_back = 0;  // frames returned on request
    std::uint64_t lost = 0;        // resident pages whose frame was taken by force
};

template <policy::Replacement P, MemoryObject Object>
class Pager {
public:
    Pager(rt::Environment& environment, Object& object, kernel::base::Arena& arena,
          const PagerOptions& options)
        : environment_{environment},
          object_{object},
          options_{options},
          policy_{arena, config_of(options)},
          frame_of_{arena.take<FrameIndex>(options.pages)},
          fresh_{arena.take<bool>(options.pages)},
          in_table_{arena.take<std::uint32_t>(LeafViews::tables_of(options.pages))},
          next_use_{arena.take<std::uint32_t>(policy::clairvoyant<P> ? options.pages : 0)},
          limit_{options.frames} {
        std::ranges::fill(frame_of_, no_frame);
        std::ranges::fill(next_use_, never_again);
    }
    ~Pager() { environment_.upcalls().remove(this); }
    Pager(const Pager&) = delete;
    Pager& operator=(const Pager&) = delete;

    static std::size_t bytes(const PagerOptions& options) {
        using kernel::base::Arena;
        return P::bytes(config_of(options)) + Arena::room<FrameIndex>(options.pages) +
               Arena::room<bool>(options.pages) +
               Arena::room<std::uint32_t>(LeafViews::tables_of(options.pages)) +
               Arena::room<std::uint32_t>(policy::clairvoyant<P> ? options.pages : 0);
    }

    // Reserves the region, makes its tables, and takes its faults from here on.
    rt::Result<void> begin() {
        first_ = environment_.space().reserve(options_.pages);
        TRY(views_.begin(environment_.space(), first_, options_.pages));
        TRY(frames_.begin(environment_, options_.frames_max));
        environment_.upcalls().add(on_upcall, this);
        return {};
    }

    std::byte* page(std::uint32_t number) const {
        return reinterpret_cast<std::byte*>(first_.value) +
               std::uint64_t{number} * kernel::abi::page_size;
    }
    bool resident(std::uint32_t number) const { return frame_of_[number] != no_frame; }
    const PagerCounts& counts() const { return counts_; }
    std::uint32_t frames() const { return frames_.count(); }
    std::uint32_t limit() const { return limit_; }

    // The program is about to access a page. `next` is when it will again, where that is known.
    void reference(std::uint32_t number, bool write, std::uint32_t next = never_again) {
        if constexpr (policy::clairvoyant<P>) next_use_[number] = next;
        if (options_.view != View::every_reference) return;
        rt::Masked masked{environment_.upcalls()};
        pass_time();
        if (resident(number)) policy_.hit(id(number), hint(number, write));
    }

    // Returns `count` frames (or all it can spare but one) to the account, now.
    void give_back(std::uint32_t count) {
        rt::Masked masked{environment_.upcalls()};
        drain();
        const std::uint32_t held = frames_.count();
        const std::uint32_t target = held > count ? held - count : 1;
        counts_.given_back += held > target ? held - target : 0;
        shrink(std::min(limit_, target));
    }

    // It may use `frames` frames from now on, at most frames_max.
    void resize(std::uint32_t frames) {
        rt::Masked masked{environment_.upcalls()};
        drain();
        shrink(std::clamp<std::uint32_t>(frames, 1, options_.frames_max));
    }

    // Forgets what was repossessed.
    void drain() {
        frames_.drain([this](std::uint32_t number) {
            if (frame_of_[number] == no_frame) return;  // was leaving anyway
            policy_.remove(id(number));
            forget(number);
            ++counts_.lost;
        });
    }

    // Every page that is dirty is saved and leaves. For the end of a run.
    void flush() {
        rt::Masked masked{environment_.upcalls()};
        drain();
        while (resident_ > 0) evict(policy::no_page);
    }

private:
    static constexpr std::uint32_t never_again = 0xffff'ffff;
    static constexpr std::uint64_t interval_min = 64;  // as policy::Cache

    static policy::Config config_of(const PagerOptions& options) {
        return {.pages = options.pages, .capacity = options.frames, .seed = options.seed};
    }
    static policy::PageId id(std::uint32_t number) { return policy::PageId{number}; }

    policy::Hint hint(std::uint32_t number, bool write) const {
        policy::Hint hint{.write = write};
        if constexpr (policy::clairvoyant<P>) {
            if (next_use_[number] != never_again) hint.next_use = next_use_[number];
        }
        return hint;
    }

    static bool on_upcall(void* self, const rt::UpcallData& data) {
        auto& pager = *static_cast<Pager*>(self);
        switch (data.kind) {
            case kernel::abi::Upcall::page_fault:
                return pager.on_fault(data.address, data.error);
            case kernel::abi::Upcall::repossession:
                pager.drain();
                return true;
            default:
                return false;
        }
    }

    bool on_fault(std::uint64_t address, std::uint64_t error) {
        const std::uint64_t number = (address - first_.value) >> kernel::abi::page_shift;
        if (number >= options_.pages || (error & kernel::abi::fault_present) != 0) return false;
        bring_in(static_cast<std::uint32_t>(number),
                 (error & kernel::abi::fault_write) != 0);
        return true;
    }

    // Brings a page in. May come back without it where a frame was taken meanwhile: the access
    // faults again then.
    void bring_in(std::uint32_t number, bool write) {
        drain();
        if (resident(number)) return;
        harvest_in_time();
        const bool first = views_.entry(number).value() == 0;
        if (!first) environment_.compute(object_.read_cost(number));
        const FrameIndex frame = obtain(number);
        drain();
        if (frame == no_frame || !frames_.live(frame)) return;
        object_.read_page(number, frames_.bytes(frame));
        const auto mapped = rt::calls::map(frames_.slot(frame), address(number),
                                           rt::Rights::read | rt::Rights::write);
        if (mapped.status != rt::Status::ok) {
            drain();
            if (frames_.live(frame)) frames_.put_back(frame);
            return;
        }
        frame_of_[number] = frame;
        fresh_[number] = true;
        ++resident_;
        ++in_table_[number / pages_per_leaf];
        policy_.insert(id(number), hint(number, write));
        ++counts_.misses;
        counts_.first += first ? 1 : 0;
    }

    // A frame for `number`, or no_frame: try again.
    FrameIndex obtain(std::uint32_t number) {
        while (resident_ >= limit_) evict(id(number));
        if (frames_.spare() == 0 && frames_.count() < limit_) grow();
        if (frames_.spare() == 0 && resident_ > 0) evict(id(number));
        return frames_.take(number);
    }

    // One frame more; where the account has none left, that is the limit from now on.
    void grow() {
        const auto added = frames_.add();
        if (added.has_value()) return;
        drain();
        if (frames_.count() == 0) {
            environment_.panic("a pager has no frame: ", rt::status_name(added.error()));
        }
        limit_ = frames_.count();
        policy_.resize(limit_);
    }

    void evict(policy::PageId incoming) {
        const std::uint32_t victim = policy::position(policy_.evict(incoming));
        const FrameIndex frame = frame_of_[victim];
        CHITIN_ASSERT(frame != no_frame);
        forget(victim);
        ++counts_.evictions;
        const auto usage = rt::calls::unmap(frames_.slot(frame), victim + 1);
        drain();
        if (!frames_.live(frame) || !usage.has_value()) return;
        if (usage->dirty) {
            object_.write_page(victim, frames_.bytes(frame));
            environment_.compute(object_.write_cost(victim));
            ++counts_.writebacks;
            drain();
            if (!frames_.live(frame)) return;
        }
        frames_.put_back(frame);
    }

    void forget(std::uint32_t number) {
        frame_of_[number] = no_frame;
        --resident_;
        --in_table_[number / pages_per_leaf];
    }

    void shrink(std::uint32_t limit) {
        limit_ = limit;
        policy_.resize(limit_);
        while (resident_ > limit_) evict(policy::no_page);
        while (frames_.count() > limit_ && frames_.spare() > 0) frames_.remove_spare();
    }

    // The clock interval of policy::Cache, so that both count the same misses.
    void pass_time() {
        if (until_tick_-- > 0) return;
        policy_.tick();
        until_tick_ = std::max<std::uint64_t>(resident_, interval_min) - 1;
    }

    void harvest_in_time() {
        if (options_.view != View::accessed_bits) return;
        const std::uint32_t interval =
            options_.harvest != 0 ? options_.harvest : std::max<std::uint32_t>(limit_ / 4, 8);
        if (++since_harvest_ < interval) return;
        since_harvest_ = 0;
        harvest();
    }

    void harvest() {
        ++counts_.harvests;
        for (std::uint32_t table = 0; table < in_table_.size(); ++table) {
            if (in_table_[table] != 0) harvest_table(table * pages_per_leaf);
        }
        policy_.tick();
        drain();
    }

    void harvest_table(std::uint32_t first) {
        const std::uint32_t count = std::min(pages_per_leaf, options_.pages - first);
        bool any = false;
        for (std::uint32_t number = first; number < first + count; ++number) {
            const Entry entry = views_.entry(number);
            if (!entry.present() || !entry.accessed() || !resident(number)) continue;
            any = true;
            if (!fresh_[number] || policy::clairvoyant<P>) {
                policy_.hit(id(number), hint(number, entry.dirty()));
            }
            fresh_[number] = false;
        }
        if (any) {
            environment_.must(
                rt::calls::table_age(address(first), count, rt::calls::age_accessed), "aging");
        }
    }

    rt::VirtAddr address(std::uint32_t number) const {
        return rt::VirtAddr{first_.value + std::uint64_t{number} * kernel::abi::page_size};
    }

    rt::Environment& environment_;
    Object& object_;
    PagerOptions options_;
    P policy_;
    std::span<FrameIndex> frame_of_;
    std::span<bool> fresh_;
    std::span<std::uint32_t> in_table_;  // resident pages of each leaf table
    std::span<std::uint32_t> next_use_;
    FrameSet frames_;
    LeafViews views_;
    rt::VirtAddr first_;
    PagerCounts counts_;
    std::uint32_t limit_;
    std::uint32_t resident_ = 0;
    std::uint32_t since_harvest_ = 0;
    std::uint64_t until_tick_ = interval_min;
};

}  // namespace libos::vm
