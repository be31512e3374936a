// Calls: the handlers behind kernel/abi/call.hpp, one file per kind of object.
//
// Each handler decodes (every check, no effect) and then acts (cannot fail).
#pragma once

#include "kernel/env/holdings.hpp"
#include "kernel/env/system.hpp"

namespace kernel::syscall {

using abi::CapType;
using abi::FrameNumber;
using abi::Rights;
using abi::Slot;
using abi::Status;
using base::Result;
using cap::Capability;
using cap::CapRef;
using env::Env;
using env::System;

using Value = Result<std::uint64_t>;

// A call's six argument registers, as the environment alleges them: a view of its context.
class Arguments {
public:
    explicit Arguments(const abi::SavedState& regs) : regs_{regs} {}

    [[gnu::always_inline]] std::uint64_t word(unsigned i) const {
        switch (i) {
            case 0: return regs_.rdi;
            case 1: return regs_.rsi;
            case 2: return regs_.rdx;
            case 3: return regs_.r10;
            case 4: return regs_.r8;
            default: return regs_.r9;
        }
    }
    // A slot number; one that does not fit becomes one that lies beyond every table.
    [[gnu::noinline]] Slot slot(unsigned i) const {
        return word(i) > 0xffff'ffff ? env::no_slot : Slot{static_cast<std::uint32_t>(word(i))};
    }

private:
    const abi::SavedState& regs_;
};

using Handler = Value (*)(System&, Env& caller, const Arguments&);

// A capability that may be derived from. Errors: bad_slot, empty_slot, no_right.
Result<CapRef> find_source(System& system, const Env& caller, Slot slot);
// The rights of what is derived from it. Errors: bad_argument.
Result<Rights> fewer(const Capability& source, std::uint64_t wanted);
// The environment an `env` argument names. Errors: as find, other_core, bad_state.
Result<Env*> find_env(System& system, const Env& caller, Slot slot);
// What a call that works step by step returns; where it has to wait for another core's answer
// (System::waits) the caller sleeps until there is one.
Value done_or_again(System& system, Env& caller, bool done);

// A number from 1 to `most`. Errors: bad_argument.
Result<std::uint32_t> up_to(std::uint64_t word, std::uint32_t most);

// Frames in a row that are to become one object, and the first one's capability.
struct Row {
    CapRef first;
    std::uint32_t frames;
};
// `count` frames, 1 to `most`, of which the caller's `slot` has the first. Errors: as call
// code_load has them for its slot and frames.
Result<Row> find_row(System& system, const Env& caller, Slot slot, std::uint64_t count,
                     std::uint32_t most);
// They become the object's, named by the first one's capability alone, whose type and rights are
// left to the caller.
FrameNumber take_row(System& system, const Row& row, abi::FrameState state);

// Why the code that code_verify's argument names was refused, as a word. Precondition: it was.
std::uint64_t refusal(System& system, const Env& caller, const Arguments& arguments);

// Copies readable memory of the caller's, through its own page tables. Errors: bad_address.
Result<void> copy_in(System& system, const Env& caller, std::uint64_t address, char* to,
                     std::uint64_t size);

// Says park's rules: may `caller` sleep until `wake`, or is there something to look at?
bool may_sleep(System& system, Env& caller, abi::Instant wake);

Value null(System&, Env&, const Arguments&);
Value cap_derive(System&, Env&, const Arguments&);
Value cap_grant(System&, Env&, const Arguments&);
Value cap_lend(System&, Env&, const Arguments&);
Value cap_delete(System&, Env&, const Arguments&);
Value cap_revoke(System&, Env&, const Arguments&);
Value cap_identify(System&, Env&, const Arguments&);
Value frame_allocate(System&, Env&, const Arguments&);
Value frame_guarantee(System&, Env&, const Arguments&);
Value map(System&, Env&, const Arguments&);
Value unmap(System&, Env&, const Arguments&);
Value protect(System&, Env&, const Arguments&);
Value entry_store(System&, Env&, const Arguments&);
Value table_install(System&, Env&, const Arguments&);
Value table_age(System&, Env&, const Arguments&);
Value account_create(System&, Env&, const Arguments&);
Value account_limit(System&, Env&, const Arguments&);
Value account_revoke(System&, Env&, const Arguments&);
Value env_create(System&, Env&, const Arguments&);
Value env_extend(System&, Env&, const Arguments&);
Value env_start(System&, Env&, const Arguments&);
Value env_vector(System&, Env&, const Arguments&);
Value env_destroy(System&, Env&, const Arguments&);
Value env_exit(System&, Env&, const Arguments&);
Value yield(System&, Env&, const Arguments&);
Value park(System&, Env&, const Arguments&);
Value wake(System&, Env&, const Arguments&);
Value transfer_call(System&, Env&, const Arguments&);
Value transfer_wait(System&, Env&, const Arguments&);
Value compute(System&, Env&, const Arguments&);
Value now(System&, Env&, const Arguments&);
Value slice_allocate(System&, Env&, const Arguments&);
Value slice_bind(System&, Env&, const Arguments&);
Value cycle_shape(System&, Env&, const Arguments&);
Value cycle_idle(System&, Env&, const Arguments&);
Value console_write(System&, Env&, const Arguments&);
Value extent_allocate(System&, Env&, const Arguments&);
Value extent_open(System&, Env&, const Arguments&);
Value extent_part(System&, Env&, const Arguments&);
Value extent_range(System&, Env&, const Arguments&);
Value extent_free(System&, Env&, const Arguments&);
Value disk_ring(System&, Env&, const Arguments&);
Value disk_submit(System&, Env&, const Arguments&);
Value disk_share(System&, Env&, const Arguments&);
Value tree_open(System&, Env&, const Arguments&);
Value tree_scan(System&, Env&, const Arguments&);
Value tree_allocate(System&, Env&, const Arguments&);
Value tree_release(System&, Env&, const Arguments&);
Value tree_node(System&, Env&, const Arguments&);
Value tree_look(System&, Env&, const Arguments&);
Value registry_enter(System&, Env&, const Arguments&);
Value registry_find(System&, Env&, const Arguments&);
Value code_load(System&, Env&, const Arguments&);
Value code_verify(System&, Env&, const Arguments&);
Value park_until(System&, Env&, const Arguments&);

}  // namespace kernel::syscall
