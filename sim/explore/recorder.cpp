#include "sim/explore/recorder.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <optional>

#include "kernel/abi/call.hpp"
#include "kernel/abi/status.hpp"
#include "kernel/machine/boot_info.hpp"
#include "sim/checkers/environments.hpp"
#include "sim/checkers/owed.hpp"
#include "sim/machine/clock/clock.hpp"

namespace sim::explore {

namespace {

std::string hexadecimal(std::uint64_t number) {
    char text[19];
    std::snprintf(text, sizeof text, "%#lx", static_cast<unsigned long>(number));
    return text;
}

// May what happened have changed a page table, as far as the contract goes? What has not is looked
// at now and then: a kernel may break it.
bool may_change_tables(const kernel::abi::Event& event) {
    using kernel::abi::Call;
    if (event.kind != kernel::abi::EventKind::call) return true;
    switch (static_cast<Call>(event.code)) {
        case Call::null:
        case Call::cap_derive:
        case Call::cap_grant:
        case Call::cap_identify:
        case Call::frame_allocate:
        case Call::frame_guarantee:
        case Call::compute:
        case Call::now:
        case Call::console_write: return false;
        default: return true;
    }
}

// The frame of an allocation that succeeded, where it is not empty: nobody may see what another
// environment left in it.
std::optional<std::uint64_t> allocated_dirty(std::span<const std::byte> pool,
                                             const kernel::abi::Event& event) {
    using kernel::abi::page_size;
    const bool allocated = event.kind == kernel::abi::EventKind::call &&
                           event.code == static_cast<std::uint8_t>(
                                             kernel::abi::Call::frame_allocate) &&
                           event.status == static_cast<std::uint16_t>(kernel::abi::Status::ok);
    if (!allocated) return std::nullopt;
    const std::uint64_t frame = event.words[event.word_count - 1];
    const std::uint64_t offset = (frame - kernel::machine::pool_first.value) * page_size;
    if (offset + page_size > pool.size()) return frame;
    const auto page = pool.subspan(offset, page_size);
    static constexpr std::array<std::byte, page_size> zeros{};
    const bool empty = std::memcmp(page.data(), zeros.data(), page_size) == 0;
    return empty ? std::nullopt : std::optional{frame};
}

// The deadline that a revocation which was just asked for has.
std::optional<std::uint64_t> revocation_deadline(const kernel::abi::Event& event) {
    constexpr std::size_t deadline_word = 2;  // account, count, deadline, value
    const bool asked = event.kind == kernel::abi::EventKind::call &&
                       event.code == static_cast<std::uint8_t>(
                                         kernel::abi::Call::account_revoke) &&
                       event.status == static_cast<std::uint16_t>(kernel::abi::Status::ok);
    if (!asked || event.words[deadline_word] == kernel::abi::never.value) return std::nullopt;
    return event.words[deadline_word];
}

}  // namespace

[[gnu::noinline]] void failure_shows(const std::string& text) {
    asm volatile("" : : "r"(&text) : "memory");
}

std::uint64_t Recorder::note(DecisionKind kind, std::uint32_t core, std::uint64_t at,
                             std::uint64_t value, const kernel::abi::Event* event) {
    if (value == 0) return 0;
    decisions_.push_back({kind, core, at, value, 0});
    if (on_decision) on_decision(*this, decisions_.back(), event);
    return value;
}

machine::Interference Recorder::after_event(std::uint32_t core, const kernel::abi::Event& event,
                                            kernel::abi::Instant now) {
    ++count_;
    const std::uint64_t at = ++events_[core];
    look_at_translations(core, event);
    if (const auto dirty = allocated_dirty(machine_->pool(), event)) {
        fail("frame " + std::to_string(*dirty) + " was allocated with what somebody wrote to it");
    }
    look();
    endless_ = count_ > limits_.events || now.value > limits_.time_ns + stalled_ns_;
    if (endless_ || !failure_.empty()) return {.stop = true};
    if (quiet()) return {};
    const Moment moment{core, at, count_, now, machine_->promises()};
    machine::Interference next;
    const Stall stall = chooser_.stall(moment);
    next.stall_ns = stall.ns;
    next.stall_after_ns = stall.after_ns;
    if (stall.after_ns == 0 || stall.ns == 0 || !machine::counts_instructions()) {
        note(DecisionKind::stall, core, at, stall.ns, &event);
    } else {
        later_[core] = {DecisionKind::stall, core, at, stall.ns, stall.after_ns};
        decisions_.push_back(later_[core]);
    }
    next.stall_ns += stand_still(core, event, now);
    stalled_ns_ += next.stall_ns;
    next.kill = note(DecisionKind::kill, core, at, chooser_.choose(DecisionKind::kill, core, at),
                     &event) != 0;
    return next;
}

// The worst moment of a revocation is its deadline: who was asked gets to know it then.
std::uint64_t Recorder::stand_still(std::uint32_t core, const kernel::abi::Event& event,
                                    kernel::abi::Instant now) {
    const auto deadline = revocation_deadline(event);
    if (!deadline) return 0;
    constexpr DecisionKind kind = DecisionKind::revocation;
    const std::uint64_t at = ++asked_[core][static_cast<std::size_t>(kind)];
    const std::uint64_t value = note(kind, core, at, chooser_.choose(kind, core, at), &event);
    if (value == 0) return 0;
    const std::uint64_t apart = value / 2;
    const std::uint64_t until =
        value % 2 != 0 ? *deadline - std::min(apart, *deadline) : *deadline + apart;
    return until - std::min(until, now.value);
}

void Recorder::look_at_translations(std::uint32_t core, const kernel::abi::Event& event) {
    constexpr std::uint64_t events_between = 8;
    if (!may_change_tables(event) && count_ % events_between != 0) return;
    const auto page = machine_->stale_page(core);
    if (page && checkers::core_runs(machine_->pool(), core)) {
        fail("core " + std::to_string(core) + " can still use page " + hexadecimal(*page) +
             ", which its page tables no longer have");
    }
}

void Recorder::stalls(std::uint32_t core) {
    if (on_decision) on_decision(*this, later_[core], nullptr);
}

// Now and then: what lasts is seen later too.
void Recorder::look() {
    constexpr std::uint64_t events_between = 64;
    if (count_ % events_between != 0) return;
    if (std::string owed = checkers::verify_owed(machine_->pool()); !owed.empty()) {
        fail(std::move(owed));
    }
    if (limits_.progress_events == 0) return;
    std::string stuck = progress_.look(machine_->pool(), count_, limits_.quiet_events);
    if (!stuck.empty()) fail(std::move(stuck));
}

std::uint64_t Recorder::disturb(std::uint32_t core, kernel::machine::Site site) {
    if (events_[core] == 0 || quiet()) return 0;  // the core boots
    const DecisionKind kind = kind_of(site);
    const std::uint64_t at = ++asked_[core][static_cast<std::size_t>(kind)];
    return note(kind, core, at, chooser_.choose(kind, core, at), nullptr);
}

}  // namespace sim::explore
