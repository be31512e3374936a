#include "libos/vm/cow_region.hpp"

#include <cstring>

namespace libos::vm {

using kernel::abi::page_size;
using kernel::abi::VirtAddr;
using rt::Rights;
using rt::Slot;
using rt::Space;
using rt::Status;
namespace calls = rt::calls;

}  // namespace libos::vm

extern "C" {
[[gnu::visibility("hidden"), gnu::returns_twice]] std::uint64_t libos_context_save(void* context);
[[gnu::visibility("hidden")]] void libos_context_resume();
}

namespace libos::vm {

namespace {

constexpr Rights writable = Rights::read | Rights::write;

// The context has a page of its own: where the compiler puts things on the stack is nobody's
// business, and the context's address enters the history.
constexpr std::uint64_t context_offset = rt::runtime_offset + 2 * page_size;

// Pages that still change while the others are copied.
bool copied_last(const Space::OwnPage& own) {
    const std::uint64_t offset = std::uint64_t{own.page} << kernel::abi::page_shift;
    return offset == context_offset ||
           offset - kernel::abi::stack_offset < kernel::abi::stack_pages * page_size;
}

}  // namespace

rt::Result<void> CowRegion::begin() {
    Space& space = environment_.space();
    first_ = space.reserve(pages_);
    const VirtAddr context{space.base() + context_offset};
    TRY(space.map_new(context, 1));
    context_ = reinterpret_cast<Context*>(context.value);
    table_ = environment_.heap().array<Page>(pages_);
    if (table_.size() != pages_) return kernel::base::error(Status::no_frames);
    environment_.upcalls().add(on_upcall, this);
    return {};
}

// ---- faults

bool CowRegion::on_upcall(void* self, const rt::UpcallData& data) {
    if (data.kind != kernel::abi::Upcall::page_fault) return false;
    return static_cast<CowRegion*>(self)->on_fault(data.address, data.error);
}

bool CowRegion::on_fault(std::uint64_t address, std::uint64_t error) {
    const std::uint64_t offset = (address - first_.value) >> kernel::abi::page_shift;
    if (offset >= pages_) return false;
    const auto number = static_cast<std::uint32_t>(offset);
    const bool write = (error & kernel::abi::fault_write) != 0;
    switch (table_[number].access) {
        case Access::absent:
            zero_fill(number);
            return true;
        case Access::shared:
            if (write) make_own(number);
            return write;
        case Access::own:
            return false;
    }
    return false;
}

void CowRegion::zero_fill(std::uint32_t number) {
    Space& space = environment_.space();
    const Slot slot = environment_.must(space.allocate(), "a zero page");
    environment_.must(space.map(slot, address(number), writable), "mapping a zero page");
    table_[number] = {slot, Access::own};
    ++counts_.zero_filled;
}

void CowRegion::make_own(std::uint32_t number) {
    Page& page = table_[number];
    const auto name = environment_.must(calls::cap_identify(page.slot), "naming a page");
    if (environment_.info().frame(name.object).caps == 1) {
        environment_.must(calls::protect(page.slot, writable), "reclaiming a page");
        page.access = Access::own;
        ++counts_.reclaimed;
        return;
    }
    copy(number);
}

void CowRegion::copy(std::uint32_t number) {
    Space& space = environment_.space();
    Page& page = table_[number];
    const Slot slot = environment_.must(space.allocate(), "a page to copy to");
    environment_.must(space.map(slot, space.scratch(), writable), "mapping the copy");
    std::memcpy(reinterpret_cast<void*>(space.scratch().value), this->page(number), page_size);
    environment_.must(calls::unmap(slot, 0), "unmapping the copy");
    space.release(page.slot);
    environment_.must(space.map(slot, address(number), writable), "mapping the copy");
    page = {slot, Access::own};
    ++counts_.copied;
}

// ---- fork

rt::Result<void> CowRegion::copy_page(rt::Nursery& nursery, const Space::OwnPage& own,
                                      std::uint32_t& spare) {
    Space& space = environment_.space();
    const Slot slot = TRY(nursery.allocate());
    const std::uint64_t source = space.base() + own.page * page_size;
    TRY(space.map(slot, space.scratch(), writable));
    auto* to = reinterpret_cast<std::byte*>(space.scratch().value);
    std::memcpy(to, reinterpret_cast<const void*>(source), page_size);
    if (own.slot == environment_.upcalls().slot()) {  // what is pending is the parent's
        auto& page = *reinterpret_cast<kernel::abi::UpcallPage*>(to);
        page.pending = 0;
        page.repossessed_count = 0;
    }
    TRY(calls::unmap(slot, 0));
    TRY(nursery.hand_over(slot, own.slot));
    TRY(nursery.map(own.slot, VirtAddr{source}, writable, &spare));
    ++counts_.eager;
    return {};
}

rt::Result<void> CowRegion::copy_runtime(rt::Nursery& nursery, std::uint32_t& spare,
                                         bool last) {
    for (const Space::OwnPage& own : environment_.space().own_pages()) {
        if (copied_last(own) == last) TRY(copy_page(nursery, own, spare));
    }
    return {};
}

rt::Result<void> CowRegion::share_pages(rt::Nursery& nursery, std::uint32_t& spare) {
    constexpr Rights granted = Rights::read | Rights::write | Rights::grant;
    for (std::uint32_t number = 0; number < pages_; ++number) {
        Page& page = table_[number];
        if (page.access == Access::absent) continue;
        if (page.access == Access::own) TRY(calls::protect(page.slot, Rights::read));
        page.access = Access::shared;
        TRY(calls::cap_grant(nursery.child().env, page.slot, page.slot, granted));
        TRY(nursery.map(page.slot, address(number), Rights::read, &spare));
        ++counts_.shared;
    }
    return {};
}

// Stack and context last: what lies there (this region, the environment) is final when they are
// copied. The child's page tables go to slots behind the parent's.
rt::Result<void> CowRegion::prepare(rt::Nursery& nursery) {
    Context& context = *context_;
    const std::uint32_t slots = environment_.space().slots().size();
    for (std::uint32_t made = kernel::abi::table_slots_per_frame; made < slots;
         made += kernel::abi::table_slots_per_frame) {
        TRY(nursery.extend());
    }
    TRY(nursery.extend());
    TRY(nursery.grant_basics({.program = {},
                              .limit_frames = 0,
                              .account_rights = Rights::all}));
    context.spare = slots;
    for (unsigned level = 3; level >= 1; --level) {
        const VirtAddr stack{environment_.space().base() + kernel::abi::stack_offset};
        TRY(nursery.install(stack, level, Slot{context.spare++}));
    }
    const std::uint64_t before = environment_.now().value;
    TRY(share_pages(nursery, context.spare));
    counts_.share_ns += environment_.now().value - before;
    TRY(copy_runtime(nursery, context.spare, false));
    TRY(copy_runtime(nursery, context.spare, true));
    TRY(calls::env_vector(environment_.upcalls().slot(), nursery.child().env));
    return {};
}

void CowRegion::begin_child() {
    Space& space = environment_.space();
    space.extended_outside(context_->spare - space.slots().size());
    counts_ = {};
}

rt::Result<Fork> CowRegion::fork(std::uint32_t limit_frames) {
    if (!environment_.space().own_pages_known()) return kernel::base::error(Status::bad_state);
    rt::Masked masked{environment_.upcalls()};
    rt::Nursery nursery{environment_};
    TRY(nursery.open(limit_frames, 0));
    if (libos_context_save(context_) != 0) {
        begin_child();
        return Fork{.in_child = true, .child = {}};
    }
    const auto started = [&]() -> rt::Result<void> {
        TRY(prepare(nursery));
        const auto entry = reinterpret_cast<std::uint64_t>(libos_context_resume);
        const auto at = reinterpret_cast<std::uint64_t>(context_);
        TRY(calls::env_start(nursery.child().env, entry, VirtAddr{at + page_size}, at));
        return {};
    }();
    if (started.has_value()) return Fork{.in_child = false, .child = nursery.child()};
    rt::destroy(environment_, nursery.child());
    return kernel::base::error(started.error());
}

}  // namespace libos::vm
