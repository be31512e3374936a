// CowRegion: a region of demand-zero memory that a forked child shares copy-on-write, and the
// fork itself, wholly in the libOS.
//
// How a fork works: the child is an environment of its own in the same space slot, so pointers
// keep their meaning. The runtime's pages (stack, upcalls, heap) are copied at once, because the
// runtime must not fault. The region's pages are write-protected here and granted to the child,
// each into the slot of the same number, so that every record of the libOS holds for both. The
// child begins where the parent saved its context: fork() returns twice.
//
// A write to a protected page faults: where the frame has one capability left (FrameInfo::caps,
// read without a call) it is made writable again, else copied.
//
// What is shared stays charged to the account that allocated it, even when only the child still
// has it.
// Invariants: a page of the region is absent (all zero), shared (mapped read-only), or own (mapped
// read-write); no capability to a region's frame exists but those of forked relatives.
#pragma once

#include "libos/rt/nursery.hpp"

namespace libos::vm {

struct CowCounts {
    std::uint64_t zero_filled = 0;
    std::uint64_t shared = 0;     // pages that forks write-protected and granted
    std::uint64_t copied = 0;     // on a write while somebody else had the page
    std::uint64_t reclaimed = 0;  // on a write when nobody else had it any more
    std::uint64_t eager = 0;      // runtime pages that forks copied at once
    std::uint64_t share_ns = 0;   // virtual time that forks spent on sharing
};

// Where fork() came back.
struct Fork {
    bool in_child;
    rt::Child child;  // in the parent
};

class CowRegion {
public:
    CowRegion(rt::Environment& environment, std::uint32_t pages)
        : environment_{environment}, pages_{pages} {}
    ~CowRegion() { environment_.upcalls().remove(this); }
    CowRegion(const CowRegion&) = delete;
    CowRegion& operator=(const CowRegion&) = delete;

    rt::Result<void> begin();

    std::byte* page(std::uint32_t number) const {
        return reinterpret_cast<std::byte*>(first_.value) +
               std::uint64_t{number} * kernel::abi::page_size;
    }

    // Needs `manage` on the own account. Errors: bad_state (more runtime pages than are
    // recorded), and those of the calls; nothing is left of the child then.
    rt::Result<Fork> fork(std::uint32_t limit_frames);

    const CowCounts& counts() const { return counts_; }

private:
    struct Context {
        std::uint64_t registers[8];
        std::uint32_t spare;  // the child's first slot not used by its page tables
    };
    enum class Access : std::uint8_t { absent, shared, own };
    struct Page {
        rt::Slot slot;
        Access access = Access::absent;
    };

    static bool on_upcall(void* self, const rt::UpcallData& data);
    bool on_fault(std::uint64_t address, std::uint64_t error);
    void zero_fill(std::uint32_t number);
    void make_own(std::uint32_t number);
    void copy(std::uint32_t number);

    rt::Result<void> prepare(rt::Nursery& nursery);
    rt::Result<void> share_pages(rt::Nursery& nursery, std::uint32_t& spare);
    rt::Result<void> copy_runtime(rt::Nursery& nursery, std::uint32_t& spare, bool last);
    rt::Result<void> copy_page(rt::Nursery& nursery, const rt::Space::OwnPage& own,
                               std::uint32_t& spare);
    void begin_child();
    rt::VirtAddr address(std::uint32_t number) const {
        return rt::VirtAddr{first_.value + std::uint64_t{number} * kernel::abi::page_size};
    }

    rt::Environment& environment_;
    std::uint32_t pages_;
    rt::VirtAddr first_;
    std::span<Page> table_;
    Context* context_ = nullptr;
    CowCounts counts_;
};

}  // namespace libos::vm
