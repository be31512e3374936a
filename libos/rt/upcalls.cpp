#include "libos/rt/upcalls.hpp"

#include "libos/rt/environment.hpp"

extern "C" {
[[gnu::visibility("hidden")]] void libos_upcall_xsave();
[[gnu::visibility("hidden")]] void libos_upcall_fxsave();
[[gnu::visibility("hidden")]] void libos_upcall_resume_begin();
[[gnu::visibility("hidden")]] void libos_upcall_resume_end();

// From upcall.S. `fresh`: the page's kind, address and error are news.
void libos_upcall_handle(libos::rt::Upcalls& upcalls, kernel::abi::UpcallPage& page,
                         std::uint32_t fresh);
}

namespace libos::rt {

using kernel::abi::Upcall;
using kernel::abi::UpcallPage;

static_assert(offsetof(UpcallPage, masked) == 0 && offsetof(UpcallPage, pending) == 4);
static_assert(offsetof(UpcallPage, saved) == 72);
static_assert(offsetof(UpcallPage, floating_point) == 1152, "upcall.S has the same number");

namespace {

constexpr std::uint32_t bit(Upcall kind) { return 1u << static_cast<unsigned>(kind); }

std::uint64_t code_address(void (*function)()) {
    return reinterpret_cast<std::uint64_t>(function);
}

}  // namespace

Result<void> Upcalls::begin(Space& space, bool xsave) {
    constexpr std::uint64_t page_size = kernel::abi::page_size;
    const VirtAddr page{space.base() + runtime_offset};
    const VirtAddr stack{page.value + 16 * page_size};
    TRY(space.map_new(stack, stack_pages));
    TRY(space.map_new(page, 1));
    slot_ = space.own_pages().back().slot;
    page_ = reinterpret_cast<volatile UpcallPage*>(page.value);
    page_->masked = 1;
    page_->handler = code_address(xsave ? libos_upcall_xsave : libos_upcall_fxsave);
    page_->stack_top = stack.value + stack_pages * page_size;
    page_->cookie = reinterpret_cast<std::uint64_t>(this);
    page_->resume_begin = code_address(libos_upcall_resume_begin);
    page_->resume_end = code_address(libos_upcall_resume_end);
    TRY(calls::env_vector(slot_));
    unmask();
    return {};
}

void Upcalls::add(UpcallHandler handler, void* cookie) {
    CHITIN_ASSERT(count_ < handlers_max);
    entries_[count_++] = {handler, cookie};
}

void Upcalls::remove(void* cookie) {
    unsigned kept = 0;
    for (unsigned i = 0; i < count_; ++i) {
        if (entries_[i].cookie != cookie) entries_[kept++] = entries_[i];
    }
    count_ = kept;
}

void Upcalls::unmask() {
    page_->masked = 0;
    while (page_->pending != 0) {
        page_->masked = 1;
        deliver_pending();
        page_->masked = 0;
    }
}

UpcallData Upcalls::pending_data(Upcall kind) const {
    switch (kind) {
        case Upcall::revocation:
            return {kind, page_->revocation_frames, page_->revocation_deadline};
        case Upcall::child_ended:
            return {kind, page_->child, page_->child_code};
        case Upcall::revocation_done:
            return {kind, page_->done_counts, page_->done_env};
        case Upcall::slice_begin:
        case Upcall::slice_end:
            return {kind, page_->slice_position, page_->slice_instant};
        default:
            return {kind, 0, 0};
    }
}

void Upcalls::deliver_pending() {
    CHITIN_ASSERT(masked());
    for (std::uint32_t bits = page_->pending; bits != 0; bits = page_->pending) {
        const auto kind = static_cast<Upcall>(__builtin_ctz(bits));
        __atomic_fetch_and(&page_->pending, ~bit(kind), __ATOMIC_RELAXED);
        deliver(pending_data(kind));
    }
}

void Upcalls::deliver(const UpcallData& data) {
    for (unsigned i = count_; i-- > 0;) {
        if (entries_[i].handler(entries_[i].cookie, data)) return;
    }
    environment_.unhandled(data);
}

}  // namespace libos::rt

void libos_upcall_handle(libos::rt::Upcalls& upcalls, kernel::abi::UpcallPage& page,
                         std::uint32_t fresh) {
    if (fresh != 0) {
        upcalls.deliver({static_cast<kernel::abi::Upcall>(page.kind), page.address, page.error});
    }
    upcalls.deliver_pending();
}
