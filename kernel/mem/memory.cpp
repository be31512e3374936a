#include "kernel/mem/memory.hpp"

#include <cstring>

namespace kernel::mem {

namespace {
constexpr FrameNumber no_frame{0};
constexpr bool pinned(const FrameInfo& info) {
    return info.state != FrameState::user || (info.flags & abi::frame_guaranteed) != 0;
}
}  // namespace

// Out of line on purpose, as Forest::at: dozens of callers, and the image has a size to keep.
[[gnu::noinline]] FrameInfo& Memory::frame(FrameNumber name) {
    CHITIN_ASSERT(in_pool(name));
    return frames_[name.value - system_.pool_first.value];
}

void Memory::unlink(FrameList& list, FrameNumber name) {
    FrameInfo& info = frame(name);
    (info.previous == no_frame ? list.first : frame(info.previous).next) = info.next;
    (info.next == no_frame ? list.last : frame(info.next).previous) = info.previous;
    info.next = no_frame;
    info.previous = no_frame;
}

void Memory::append(FrameList& list, FrameNumber name) {
    FrameInfo& info = frame(name);
    info.next = no_frame;
    info.previous = list.last;
    (list.last == no_frame ? list.first : frame(list.last).next) = name;
    list.last = name;
}

FrameList& Memory::list_of(FrameNumber name) {
    FrameInfo& info = frame(name);
    Account& payer = account(info.account);
    return pinned(info) ? payer.pinned : payer.loose;
}

void Memory::push_free(FrameNumber name) {
    FrameInfo& info = frame(name);
    info = FrameInfo{};
    info.next = system_.free_first;
    if (system_.free_first != no_frame) frame(system_.free_first).previous = name;
    system_.free_first = name;
    system_.free_frames++;
}

void Memory::claim_for_kernel(FrameNumber name) {
    FrameInfo& info = frame(name);
    CHITIN_ASSERT(info.state == FrameState::free);
    info.state = FrameState::kernel;
    system_.kernel_frames++;
}

void Memory::count_used(FrameNumber name, std::int32_t change) {
    for (std::uint32_t depth = 0; name != no_frame; ++depth) {
        CHITIN_ASSERT(depth < account_depth_max);
        Account& payer = account(name);
        payer.used += static_cast<std::uint32_t>(change);
        name = payer.parent;
    }
}

void Memory::count_held(Account& payer, std::int32_t change) {
    system_.reserved_frames -= payer.claim();
    payer.held += static_cast<std::uint32_t>(change);
    system_.reserved_frames += payer.claim();
    if (payer.bound != no_frame) envs_[payer.bound_id.value].frames_used = payer.held;
}

Status Memory::may_take(const Account& payer) const {
    const Account* above = &payer;
    for (std::uint32_t depth = 0; depth < account_depth_max; ++depth) {
        if (above->used >= above->limit) return Status::over_limit;
        if (above->parent == no_frame) break;
        above = &const_cast<Memory*>(this)->account(above->parent);
    }
    if (system_.free_frames == 0) return Status::no_frames;
    const bool owed = payer.claim() > 0;
    if (!owed && system_.free_frames <= system_.reserved_frames) return Status::no_frames;
    return Status::ok;
}

Result<FrameNumber> Memory::take(FrameNumber payer_name, FrameNumber name) {
    if (name != abi::any_frame) {
        if (!in_pool(name)) return base::error(Status::bad_argument);
        if (frame(name).state != FrameState::free) return base::error(Status::frame_taken);
    }
    Account& payer = account(payer_name);
    if (Status status = may_take(payer); status != Status::ok) {
        core_.probe(machine::Probe::allocation_refused);
        return base::error(status);
    }
    if (core_.disturb(machine::Site::allocation) != 0) return base::error(Status::no_frames);
    if (name == abi::any_frame) name = system_.free_first;

    FrameList free_list{system_.free_first, no_frame};
    unlink(free_list, name);
    system_.free_first = free_list.first;
    system_.free_frames--;
    FrameInfo& info = frame(name);
    info.state = FrameState::user;
    info.account = payer_name;
    append(payer.loose, name);
    count_held(payer, 1);
    count_used(payer_name, 1);
    std::memset(view(abi::address_of(name)), 0, abi::page_size);
    charge(costs_.zero_frame);
    return name;
}

void Memory::release(FrameNumber name) {
    FrameInfo& info = frame(name);
    CHITIN_ASSERT(info.caps == 0 && info.state != FrameState::free);
    if (info.state != FrameState::user) retype(name, FrameState::user, no_frame);
    if (pinned(info)) static_cast<void>(guarantee(name, false));
    const FrameNumber payer_name = info.account;
    Account& payer = account(payer_name);
    unlink(payer.loose, name);
    count_held(payer, -1);
    count_used(payer_name, -1);
    push_free(name);
}

void Memory::retype(FrameNumber name, FrameState state, FrameNumber owner) {
    FrameInfo& info = frame(name);
    Account& payer = account(info.account);
    if ((info.flags & abi::frame_guaranteed) != 0) static_cast<void>(guarantee(name, false));
    unlink(list_of(name), name);
    if (info.state == FrameState::user) payer.objects++;
    if (state == FrameState::user) payer.objects--;
    info.state = state;
    info.owner = owner;
    info.level = 0;
    info.entries = 0;
    append(list_of(name), name);
}

Result<void> Memory::guarantee(FrameNumber name, bool on) {
    FrameInfo& info = frame(name);
    Account& payer = account(info.account);
    const bool now = (info.flags & abi::frame_guaranteed) != 0;
    if (on == now) return {};
    if (on && payer.flagged + payer.objects >= payer.guarantee - payer.given) {
        return base::error(Status::over_guarantee);
    }
    unlink(list_of(name), name);
    info.flags = static_cast<std::uint8_t>(on ? info.flags | abi::frame_guaranteed
                                              : info.flags & ~abi::frame_guaranteed);
    payer.flagged += on ? 1u : ~0u;
    append(list_of(name), name);
    return {};
}

// Sets limit and guarantee, keeping the promise that every claim can be met from free frames.
Result<void> Memory::set_guarantee(Account& payer, std::uint32_t limit,
                                   std::uint32_t guaranteed) {
    if (guaranteed > limit || guaranteed < payer.given) return base::error(Status::bad_argument);
    Account& parent = account(payer.parent);
    const std::uint32_t others = parent.given - payer.guarantee;
    if (guaranteed > parent.guarantee - others) return base::error(Status::over_guarantee);
    const Account before = payer;
    const std::uint32_t parent_given = parent.given;
    const std::uint32_t claims = payer.claim() + parent.claim();
    payer.limit = limit;
    payer.guarantee = guaranteed;
    parent.given = others + guaranteed;
    const std::uint32_t reserved =
        system_.reserved_frames - claims + payer.claim() + parent.claim();
    if (reserved > system_.free_frames) {
        payer = before;
        parent.given = parent_given;
        return base::error(Status::over_guarantee);
    }
    system_.reserved_frames = reserved;
    return {};
}

Result<void> Memory::open_account(FrameNumber name, FrameNumber parent, std::uint32_t limit,
                                  std::uint32_t guaranteed) {
    Account& payer = account(name);
    payer = Account{};
    payer.parent = parent;
    payer.depth = account(parent).depth + 1;
    return set_guarantee(payer, limit, guaranteed);
}

Result<void> Memory::limit_account(FrameNumber name, std::uint32_t limit,
                                   std::uint32_t guaranteed) {
    Account& payer = account(name);
    if (payer.parent == no_frame) return base::error(Status::bad_argument);
    return set_guarantee(payer, limit, guaranteed);
}

// Charging on to the parent leaves `used` of the parent as it was: the subtree's frames are
// its own then.
bool Memory::drain_account(FrameNumber name, std::uint32_t& steps) {
    Account& payer = account(name);
    Account& parent = account(payer.parent);
    while (payer.held > 0) {
        if (steps == 0) return false;
        --steps;
        const FrameNumber moved =
            payer.loose.first != no_frame ? payer.loose.first : payer.pinned.first;
        FrameInfo& info = frame(moved);
        if (info.flags != 0) static_cast<void>(guarantee(moved, false));
        unlink(list_of(moved), moved);
        if (info.state != FrameState::user) {
            payer.objects--;
            parent.objects++;
        }
        if (info.state == FrameState::account) {  // a sub-account: now the parent's
            Account& below = account(moved);
            system_.reserved_frames -= payer.claim() + parent.claim();
            payer.given -= below.guarantee;
            payer.guarantee -= below.guarantee;
            below.parent = payer.parent;
            below.depth = parent.depth + 1;
            payer.used -= below.used;
            system_.reserved_frames += payer.claim() + parent.claim();
        }
        count_held(payer, -1);
        payer.used--;
        info.account = payer.parent;
        append(list_of(moved), moved);
        count_held(parent, 1);
    }
    return true;
}

void Memory::bind_account(FrameNumber name, FrameNumber env, EnvId id) {
    Account& payer = account(name);
    payer.bound = env;
    payer.bound_id = id;
    if (env != no_frame) envs_[id.value].frames_used = payer.held;
}

void Memory::close_account(FrameNumber name) {
    Account& payer = account(name);
    CHITIN_ASSERT(payer.held == 0 && payer.given == 0 && !payer.active);
    Account& parent = account(payer.parent);
    system_.reserved_frames -= payer.claim() + parent.claim();
    parent.given -= payer.guarantee;
    payer.guarantee = 0;
    system_.reserved_frames += parent.claim();
}

}  // namespace kernel::mem
