#include <cstddef>
#include <cstring>

#include "kernel/abi/site.hpp"
#include "kernel/machine/machine.hpp"
#include "sim/host/interruption.hpp"
#include "sim/machine/core_parts.hpp"
#include "sim/machine/director.hpp"
#include "sim/machine/gate.hpp"

thread_local constinit kernel::machine::UserContext* chitin_context = nullptr;
bool chitin_xsave = true;
bool chitin_directed = false;

namespace kernel::machine {

namespace {

// What gate.S knows of the layout.
static_assert(offsetof(abi::SavedState, rdx) == 24 && offsetof(abi::SavedState, rbp) == 48);
static_assert(offsetof(abi::SavedState, r15) == 112 && offsetof(abi::SavedState, rip) == 120);
static_assert(offsetof(abi::SavedState, rsp) == 144 && offsetof(abi::SavedState, ss) == 152);
static_assert(offsetof(UserContext, floating_point) == 256);
static_assert(static_cast<unsigned>(Site::disk_late) - static_cast<unsigned>(Site::publication) ==
              static_cast<unsigned>(abi::LibosSite::site_count));

constexpr std::uint32_t vector_general_protection = 13;
// Of rflags an environment may have: the arithmetic flags, the direction flag, and ID.
constexpr std::uint64_t flags_allowed = 0x20'0cd5;
constexpr std::uint64_t flags_always = 0x202;

// The control words at the start of a floating-point area ([intel/vol1] 10.5.1).
struct ControlWords {
    std::uint16_t x87;
    std::uint32_t sse;
};
constexpr std::size_t sse_control_offset = 24;
constexpr std::size_t components_offset = 512;

void write_control(UserContext& context, const ControlWords& words) {
    std::memcpy(context.floating_point, &words.x87, sizeof words.x87);
    std::memcpy(context.floating_point + sse_control_offset, &words.sse, sizeof words.sse);
    // Values of components that are marked as initial are not read: x87's and SSE's are not.
    std::uint64_t components;
    std::memcpy(&components, context.floating_point + components_offset, sizeof components);
    components |= 3;
    std::memcpy(context.floating_point + components_offset, &components, sizeof components);
}

ControlWords current_control() {
    ControlWords words{};
    asm volatile("fnstcw %0\n stmxcsr %1" : "=m"(words.x87), "=m"(words.sse));
    return words;
}

// What iretq is to restore, whatever an environment made of it.
void sanitise(abi::SavedState& regs) {
    regs.cs = sim::host::code_selector();
    regs.ss = sim::host::stack_selector();
    regs.rflags = (regs.rflags & flags_allowed) | flags_always;
}

void load_control(const UserContext& context) {
    ControlWords words{};
    std::memcpy(&words.x87, context.floating_point, sizeof words.x87);
    std::memcpy(&words.sse, context.floating_point + sse_control_offset, sizeof words.sse);
    asm volatile("fldcw %0\n ldmxcsr %1" : : "m"(words.x87), "m"(words.sse));
}

}  // namespace

Core::Core(abi::CoreId id, sim::machine::CoreParts& parts)
    : view_{parts.ram.data()},
      ram_first_{abi::address_of(pool_first).value},
      ram_bytes_{parts.ram.size()},
      parts_{parts},
      director_{parts.options.director},
      id_{id} {}

// False: the environment cannot be entered, and trap_ says why.
bool Core::prepare(UserContext& context) {
    const sim::machine::Uncharged free;
    if ((attention_ & settle_mmu) != 0) parts_.mmu.settle();
    if ((attention_ & shake_mmu) != 0) parts_.mmu.shake(shake_);
    const bool killed = (attention_ & kill_next) != 0;
    attention_ = 0;
    if (killed) {
        trap_ = Trap{TrapKind::runaway, 0, 0, abi::VirtAddr{}};
        return false;
    }
    if (context.resume == Resume::full) {
        sanitise(context.regs);
    } else if (&context != loaded_) {
        load_control(context);
    }
    loaded_ = &context;
    // As a jump to such an address faults on hardware, with rip still where it was bound for.
    if (context.regs.rip >> canonical_bits == 0) return true;
    context.resume = Resume::full;
    trap_ = Trap{TrapKind::exception, vector_general_protection, 0, abi::VirtAddr{}};
    return false;
}

// Its registers are as after a call that returns nothing.
Trap Core::tick() {
    if (now() >= stall_at_) stall();
    return Trap{TrapKind::tick, 0, 0, abi::VirtAddr{}};
}

void Core::stall() {
    const sim::engine::Unobserved host;
    const sim::machine::Uncharged free;
    clock_.advance(stall_ns_);
    stall_at_ = abi::never;
    director_->stalls(id_.value);
}

void Core::fp_reset(UserContext& context) {
    std::memset(context.floating_point, 0, sizeof context.floating_point);
    write_control(context, {.x87 = 0x37f, .sse = 0x1f80});
    context.regs.cs = sim::host::code_selector();
    context.regs.ss = sim::host::stack_selector();
}

void Core::fp_release(UserContext& context) {
    if (&context != loaded_) return;
    if (context.resume == Resume::call) write_control(context, current_control());
    loaded_ = nullptr;
}

void Core::load_root(abi::PhysAddr root) {
    const sim::machine::Uncharged free;
    parts_.mmu.load_root(root);
    attention_ |= settle_mmu;
}

void Core::invalidate(abi::VirtAddr address) {
    const sim::machine::Uncharged free;
    parts_.mmu.invalidate(address);
    attention_ |= settle_mmu;
}

std::span<std::byte> Core::open_code(std::uint32_t page) {
    auto memory = sim::host::CodeMemory::create(abi::page_size - 1);
    parts_.code[page].reset();
    if (!memory.has_value()) return {};  // the host has none: downloaded code is interpreted
    return parts_.code[page].emplace(std::move(*memory)).memory();
}

const std::byte* Core::seal_code(std::uint32_t page) {
    sim::host::CodeMemory& memory = *parts_.code[page];
    return memory.seal() ? memory.memory().data() : nullptr;
}

void Core::idle_until(abi::Instant instant) {
    progress_++;
    if (instant <= now()) return;
    clock_.advance(instant.value - now().value + disturb(Site::timer));
}

// The engine resumes this fiber only when it may go on, or when nobody can.
abi::Instant Core::synchronise(abi::Instant next) {
    sim::engine::Promises& promises = parts_.promises;
    progress_++;
    promises.promise(id_.value, next.value);
    if (!promises.may_go(id_.value)) parts_.fiber->yield();
    return abi::Instant{promises.horizon(id_.value)};
}

void Core::notify(abi::CoreId core, abi::Instant arrival) {
    parts_.promises.post(id_.value, core.value);
    parts_.promises.lower(core.value, arrival.value);
}

std::uint64_t Core::interrupts() {
    return parts_.promises.take_posted(id_.value) | disturb(Site::interrupt);
}

Device Core::device(std::uint32_t number) {
    const sim::engine::Unobserved host;
    const sim::machine::Uncharged free;
    return parts_.bus->device(number);
}

std::uint32_t Core::device_read(const Register& place) {
    const sim::engine::Unobserved host;
    const sim::machine::Uncharged free;
    return parts_.bus->read(place);
}

void Core::device_write(const Register& place, std::uint32_t value) {
    const sim::engine::Unobserved host;
    const sim::machine::Uncharged free;
    parts_.bus->write(place, value);
}

void Core::print(abi::EnvId env, abi::Channel channel, std::string_view text) {
    const sim::engine::Unobserved host;
    const sim::machine::Uncharged free;
    const abi::EnvId wide = sim::engine::machine_wide(id_, env);
    parts_.journal.print(wide, channel, text);
    const auto& told = channel == abi::Channel::text ? parts_.options.on_text
                                                     : parts_.options.on_result;
    if (told) told(wide.value, text);
}

void Core::event(const abi::Event& event) {
    if (id_.value == 0) return deliver(event);
    abi::Event wide = event;
    wide.env = sim::engine::machine_wide(id_, event.env);
    deliver(wide);
}

void Core::deliver(const abi::Event& event) {
    const sim::engine::Unobserved host;
    const sim::machine::Uncharged free;
    progress_++;
    parts_.journal.event(event);
    if (parts_.options.after_event) parts_.options.after_event(event);
    if (parts_.options.verify) parts_.options.verify(parts_.ram);
    if (director_ != nullptr) direct(event);
}

// What the director decides on this event; where it stops the machine this does not return.
void Core::direct(const abi::Event& event) {
    if (stall_at_ != abi::never) stall();
    const sim::machine::Interference next =
        director_->after_event(id_.value, event, now());
    stall_ns_ = next.stall_ns;
    if (clock_.counts_instructions && next.stall_ns != 0 && next.stall_after_ns != 0) {
        stall_at_ = abi::Instant{now().value + next.stall_after_ns};
    } else {
        clock_.advance(next.stall_ns);
    }
    if (next.kill) attention_ |= kill_next;
    shake_ = disturb(Site::translation);
    if (shake_ != 0) attention_ |= shake_mmu;
    while (next.stop) {
        parts_.stopped = true;
        parts_.fiber->yield();
    }
}

std::uint64_t Core::ask_director(Site site) {
    const sim::engine::Unobserved host;
    const sim::machine::Uncharged free;
    return director_->disturb(id_.value, site);
}

// A program asks about a site of libOS code: rdi its number. No kernel sees it.
void Core::answer_site(UserContext& context) {
    const auto first = static_cast<std::uint64_t>(Site::publication);
    const std::uint64_t number = context.regs.rdi;
    const bool known = number < static_cast<std::uint64_t>(abi::LibosSite::site_count);
    const std::uint64_t value = known ? disturb(static_cast<Site>(first + number)) : 0;
    context.regs.rax = 0;
    context.regs.rdx = value;
    if (known && first + number == static_cast<std::uint64_t>(Site::publication)) {
        stand_still(value);
    }
}

// In the middle of an environment: its core sends nothing meanwhile, others go on.
void Core::stand_still(std::uint64_t span_ns) {
    if (span_ns == 0) return;
    sim::engine::Promises& promises = parts_.promises;
    clock_.advance(span_ns);
    promises.promise(id_.value, now().value);
    if (!promises.may_go(id_.value)) parts_.fiber->yield();
}

void Core::tell_director(Probe probe) {
    const sim::engine::Unobserved host;
    const sim::machine::Uncharged free;
    director_->reached(probe);
}

void Core::env_ended(abi::EnvId env, const abi::EnvInfo& info) {
    const sim::engine::Unobserved host;
    const sim::machine::Uncharged free;
    parts_.journal.env_ended(sim::engine::machine_wide(id_, env), info);
}

}  // namespace kernel::machine
