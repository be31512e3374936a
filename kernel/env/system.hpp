// System: everything one kernel instance (one core) knows. There is nothing outside it.
//
// It lives on its core's kernel stack and refers to objects in frames. The parts of the kernel
// are free functions over it, one file a subject.
#pragma once

#include "kernel/abi/bundle.hpp"
#include "kernel/abi/cycle.hpp"
#include "kernel/base/order.hpp"
#include "kernel/cap/forest.hpp"
#include "kernel/env/env.hpp"
#include "kernel/mem/memory.hpp"
#include "kernel/mem/space.hpp"
#include "kernel/mesh/mesh.hpp"

namespace kernel::env {

using abi::EnvInfo;
using abi::Rights;
using abi::Status;
using base::Result;
using base::max;
using base::min;
using cap::Capability;
using cap::CapRef;

// How much one kernel entry may do before it says `again`.
inline constexpr std::uint32_t steps_per_call = 64;

// What the present position of the cycle has come to (cpu/schedule).
struct Turn {
    Instant end{};             // of the owner's time, or of what it left
    std::uint64_t rest_ns = 0; // then: what its debt left to others
    FrameNumber donee{};       // to whom the owner gave its time (directed yield); 0: nobody
    bool owned = false;        // the time is the bound environment's
    bool given = false;        // the owner does not want the rest
    bool grace = false;        // the owner's time is up, and it was told so
};

struct System {
    machine::Core& core;
    mem::Memory& memory;
    cap::Forest forest;
    EnvInfo* infos;  // [environments_max], in the info window
    mem::InfoWindow info_window;
    const abi::CellRecord& cell;
    mesh::Mesh mesh;
    FrameNumber console{};      // the object console capabilities name
    FrameNumber cycle_frame{};  // the object cycle and slice capabilities name
    FrameNumber root_account{};
    FrameNumber disks[abi::cell_disks_max] = {};  // the objects disk and extent capabilities name

    FrameNumber code_pages[machine::code_pages] = {};  // whose compiled code; 0: nobody's

    FrameNumber envs[abi::environments_max] = {};  // by EnvId; 0: none
    std::uint16_t serials = 0;
    EnvId root_env{};

    FrameNumber running{};   // the environment to run, an element of the run ring; 0: none
    FrameNumber loaded{};    // the environment whose root the MMU walks
    FrameNumber requests{};  // accounts with an active revocation (Account::next_request)
    FrameNumber idle_next{}; // of the run ring: who gets idle time next; 0: anybody
    abi::CycleInfo* cycle;   // in the info window
    Turn turn{};
    Instant slice_end{};
    // The earliest time something is due (cpu/schedule). Whatever changes who may run, or what
    // it must be told, sets it to 0: the loop asks this one question an entry.
    Instant next_event{};
    Instant event_due{};     // the same without the horizon
    Instant horizon{};       // until when no message can come that is not here (synchronise)
    CapRef recalls = cap::no_cap;  // borrowed capabilities that their lenders want back
    std::uint32_t waiters = 0;     // environments that wait for an answer to go on deleting
    bool waits = false;            // what was just not finished has to wait for another core
    std::uint64_t events = 0;  // of environments that are gone
    std::uint32_t exit_code = 0;
    abi::EndReason end_reason{};
    bool root_gone = false;  // this core's root environment has ended: nothing runs here
    bool finished = false;   // the machine stops

    [[gnu::always_inline]] Env& env(FrameNumber frame) { return memory.object<Env>(frame); }
    EnvInfo& info(const Env& env) { return *env.info; }
    mem::Space space(const Env& env) {
        return mem::Space{memory, env.root, loaded == env.self};
    }
    // Is the object in another core's part of the pool?
    bool elsewhere(FrameNumber object) const { return !memory.in_pool(object); }
    bool is_root_core() const { return mesh.self() == 0; }
    // Something is due at `instant`.
    void due_at(Instant instant) {
        event_due = min(event_due, instant);
        next_event = min(next_event, instant);
    }
    std::uint64_t relative(std::uint64_t address) const { return address - window_base; }
    // A virtual address as histories know it: where the window lies must not show, so all
    // addresses outside it are alike.
    std::uint64_t recorded(std::uint64_t address) const {
        const std::uint64_t offset = relative(address);
        return offset < abi::window_size ? offset : ~std::uint64_t{0};
    }
    std::uint64_t window_base = 0;
};

}  // namespace kernel::env
