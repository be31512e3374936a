// The seam: what a machine gives the kernel. This is all of it.
// Decisions: kernel/design/0001-one-seam-two-machines.md, 0004-one-virtual-clock.md.
//
// A machine is a folder with a header `machine_impl.hpp` (found on the include path: the build
// chooses the machine; there is no #if and no virtual function) that defines the class
// kernel::machine::Core with the members below, checked by the concept. The kernel runs one
// loop a core over it (kernel/entry.hpp):
//
//     for (;;) { Env& env = pick(); Trap trap = core.run(env.context, due); dispatch(env, trap); }
//
// Semantics every machine owes:
// - run() enters the environment whose root was loaded last and returns when it traps, or with
//   TrapKind::tick when the time it was given has come. Where nothing but charge() moves time it
//   does not come while an environment runs. All registers are in the context then. FP
//   registers may still be in the CPU: fp_release(ctx) puts them into the context (the kernel
//   calls it before it runs another environment).
// - view() gives the kernel's own pointer to a frame of the pool, bundle or tables; no
//   environment can make it fault, and no environment's mapping is needed.
// - The MMU walks the kernel's own x86-64 page tables, sets accessed and dirty bits as
//   hardware does ([intel/vol3] 4.8), and may go on using a translation until invalidate() or
//   load_root(): a forgotten invalidation must stay visible.
// - charge() moves virtual time forward; now() tells it. Under the `cost` clock nothing else
//   does, on either machine: hence the same history on both. Under the hosted machine's `instr`
//   clock every instruction of kernel, libOS and programs does too.
// - idle_until(t): nothing can run; virtual time becomes t (or the machine sleeps until then).
// - Cores have a virtual time each. What one core does can reach another only by a message that
//   arrives `latency` (abi::CostProfile) after its sending. synchronise(next) promises that this
//   core sends nothing before `next`, unless a message that is sent to it comes first, and
//   returns when it may go on: either all messages that arrive at or before `next` are in the
//   rings, or an earlier one came (notify). It returns the horizon: the time before which no
//   message can arrive any more that is not in the rings yet. With one core: `never`. When no
//   core will do anything any more it returns `never` on core 0; the others stay in it.
// - notify(core, arrival) follows the storing of a message in the ring to `core`; interrupts() of
//   that core then says so, once: a bit each core that notified it since it was last asked (or
//   more of them). Both before the sender's next promise.
// - prepare_root() fills in what the machine itself needs in a new root page table (the
//   kernel's half, the programs' read-only text) and must leave the window's entry alone.
// - event() receives every history event while tracing() is true (hosted: always; bare: when
//   the cell asks for trace_full); nothing is built for it while it is false.
// - disturb() and probe() are for a machine that searches for the kernel's bugs (site.hpp); on any
//   other they are nothing. disturb() answers 0 until an environment has run.
// - device(i) says what the cell's disk i is, device_read() and device_write() reach its registers
//   (bus.hpp), and it reads and writes physical memory by itself. Devices are core 0's: no other
//   core asks. What they do takes none of virtual time, and none of them interrupts.
// - open_code() gives one of the core's `code_pages` (boot_info.hpp) pages for compiled downloaded
//   code, writable; empty where the machine has none. seal_code() makes it executable instead, and
//   returns its address; null where that is refused. A page is never writable and executable at
//   once, and no environment can reach it.
// - env_ended() receives each environment's last record just before its number is free again.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/abi/call.hpp"
#include "kernel/abi/event.hpp"
#include "kernel/abi/info.hpp"
#include "kernel/abi/types.hpp"
#include "kernel/machine/boot_info.hpp"
#include "kernel/machine/bus.hpp"
#include "kernel/machine/context.hpp"
#include "kernel/machine/site.hpp"
#include "machine_impl.hpp"

namespace kernel::machine {

template <class C>
concept CoreService = requires(C& core, UserContext& context, abi::PhysAddr physical,
                               abi::VirtAddr address, std::span<std::uint64_t, 512> root,
                               abi::Nanoseconds span, abi::Instant instant,
                               std::string_view text, const abi::Event& event,
                               const abi::EnvInfo& info) {
    { core.id() } -> std::same_as<abi::CoreId>;
    // ---- running environments
    { core.run(context, instant) } -> std::same_as<Trap>;
    { core.fp_reset(context) };    // a new environment's FP state, cs and ss
    { core.fp_release(context) };  // CPU -> context; a no-op where run() did it already
    // ---- memory and the MMU
    { core.view(physical) } -> std::same_as<std::byte*>;
    { core.prepare_root(root) };
    { core.load_root(physical) };
    { core.invalidate(address) };
    { core.open_code(std::uint32_t{}) } -> std::same_as<std::span<std::byte>>;
    { core.seal_code(std::uint32_t{}) } -> std::same_as<const std::byte*>;
    // ---- time
    { core.charge(span) };
    { core.now() } -> std::same_as<abi::Instant>;
    { core.idle_until(instant) };
    // ---- other cores
    { core.synchronise(instant) } -> std::same_as<abi::Instant>;
    { core.notify(abi::CoreId{}, instant) };
    { core.interrupts() } -> std::same_as<std::uint64_t>;
    // ---- devices, on core 0
    { core.device(std::uint32_t{}) } -> std::same_as<Device>;
    { core.device_read(Register{}) } -> std::same_as<std::uint32_t>;
    { core.device_write(Register{}, std::uint32_t{}) };
    // ---- output
    { core.print(abi::EnvId{}, abi::Channel{}, text) };
    { core.tracing() } -> std::same_as<bool>;
    { core.event(event) };
    { core.env_ended(abi::EnvId{}, info) };
    // ---- for tests of the kernel
    { core.disturb(Site{}) } -> std::same_as<std::uint64_t>;
    { core.probe(Probe{}) };
};

static_assert(CoreService<Core>, "machine_impl.hpp does not define the whole seam");

}  // namespace kernel::machine
