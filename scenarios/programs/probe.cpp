// probe: calls the kernel wrongly in every way it knows, and says what did not fail as documented.
//
// Each check compares a call's status with kernel/abi/call.hpp, and that a call that failed left
// the machine's counters as they were. Its children (same program, another start argument) do
// what no honest program does. At the end: {"checks":N,"failures":M}, exit code 0 or 1.
#include "scenarios/programs/probe.hpp"

#include "scenarios/programs/probe_code.hpp"
#include "scenarios/programs/probe_limits.hpp"
#include "scenarios/programs/probe_slices.hpp"
#include "scenarios/programs/probe_transfers.hpp"

namespace scenarios::probe {

Slot Probe::account(Word limit, Word guarantee, Slot parent) {
    const Slot made = frame(parent);
    right(Call::account_create, "an account", {{parent.value, made.value, limit, guarantee}});
    return made;
}

Slot Probe::embryo(Slot payer) {
    const Slot made = frame();
    const Slot table = frame();
    const Slot root = frame();
    right(Call::env_create, "an embryo", {{payer.value, made.value, table.value, root.value}});
    env_.space().give_slot(table);
    env_.space().give_slot(root);
    return made;
}

void Probe::prepare() {
    region_ = env_.space().reserve(512).value;
    leaf_ = env_.must(env_.space().install_leaf(VirtAddr{region_}), "a leaf table");
    frame_ = frame();
    read_only_ = derived(frame_, Rights::read);
    rightless_ = derived(frame_, Rights::none);
    empty_ = slot();
    poor_console_ = derived(kernel::abi::slot_console, Rights::none);
    poor_account_ = derived(kernel::abi::slot_account, Rights::none);
    sub_ = account(64, 0);
    env_slot_ = embryo(sub_);
    poor_env_ = derived(env_slot_, Rights::none);
}

// Every wrong capability in every place of a call that is right otherwise.
void Probe::named(Call call, const Words& good, std::initializer_list<Named> arguments) {
    const Slot wrong_types[] = {frame_, leaf_, env_slot_, kernel::abi::slot_account,
                                kernel::abi::slot_console};
    for (const Named& argument : arguments) {
        for (const Word slot : {Word{65536}, Word{0xffff'ffff}, Word{1} << 32, top_bit, all_ones}) {
            wrong(call, "slot beyond the table", Status::bad_slot,
                  good.with(argument.index, slot));
        }
        wrong(call, "empty slot", Status::empty_slot, good.with(argument.index, empty_.value));
        for (const Slot other : wrong_types) {
            const auto identity = env_.must(calls::cap_identify(other), "identifying");
            if (argument.type == CapType::none || identity.type == argument.type) continue;
            wrong(call, "wrong type", Status::wrong_type,
                  good.with(argument.index, other.value));
        }
        if (argument.without == 0) continue;
        wrong(call, "missing right", Status::no_right,
              good.with(argument.index, argument.without));
    }
}

void Probe::capabilities() {
    const Word f = frame_.value;
    const Word e = empty_.value;
    named(Call::cap_derive, {{f, e, read}}, {{0, CapType::none, rightless_.value}});
    wrong(Call::cap_derive, "rights beyond all", Status::bad_argument, {{f, e, 256}});
    wrong(Call::cap_derive, "rights truncated", Status::bad_argument, {{f, e, Word{1} << 32 | 1}});
    wrong(Call::cap_derive, "slot 0 cannot be copied", Status::no_right, {{0, e, 0}});
    wrong(Call::cap_derive, "writing view of a table", Status::bad_argument,
          {{leaf_.value, e, read_write}});
    wrong(Call::cap_derive, "destination beyond", Status::bad_slot, {{f, top_bit, read}});
    wrong(Call::cap_derive, "destination itself", Status::occupied_slot, {{f, f, read}});
    wrong(Call::cap_derive, "rights before destination", Status::bad_argument, {{f, f, 256}});
    wrong(Call::cap_derive, "source before rights", Status::empty_slot, {{e, f, 256}});

    const Word child = env_slot_.value;
    named(Call::cap_grant, {{child, f, 20, read}},
          {{0, CapType::environment, poor_env_.value}, {1, CapType::none, rightless_.value}});
    wrong(Call::cap_grant, "a table", Status::wrong_type, {{child, leaf_.value, 20, read}});
    wrong(Call::cap_grant, "rights", Status::bad_argument, {{child, f, 20, 256}});
    wrong(Call::cap_grant, "its slot beyond", Status::bad_slot, {{child, f, 128, read}});
    wrong(Call::cap_grant, "its slot 0", Status::occupied_slot, {{child, f, 0, read}});

    named(Call::cap_delete, {{0, f}}, {{0, CapType::environment, poor_env_.value}});
    wrong(Call::cap_delete, "slot beyond", Status::bad_slot, {{0, top_bit}});
    wrong(Call::cap_delete, "empty", Status::empty_slot, {{0, e}});
    wrong(Call::cap_delete, "slot 0", Status::busy, {{0, 0}});
    wrong(Call::cap_delete, "its slot 0", Status::busy, {{child, 0}});
    wrong(Call::cap_delete, "a bound account", Status::busy, {{0, sub_.value}});
    named(Call::cap_revoke, {{f}}, {{0, CapType::none}});
    named(Call::cap_identify, {{0, f}}, {{0, CapType::environment, poor_env_.value}});
    wrong(Call::cap_identify, "slot beyond", Status::bad_slot, {{0, all_ones}});
    right(Call::cap_identify, "an empty slot", {{0, e}});
}

void Probe::frames() {
    const Word a = kernel::abi::slot_account.value;
    const Word e = empty_.value;
    const auto& system = env_.info().system();
    const Word any = kernel::abi::any_frame.value;
    named(Call::frame_allocate, {{a, e, any}}, {{0, CapType::account, poor_account_.value}});
    wrong(Call::frame_allocate, "destination beyond", Status::bad_slot, {{a, all_ones, any}});
    wrong(Call::frame_allocate, "destination occupied", Status::occupied_slot, {{a, 0, any}});
    const Word first = system.pool_first.value;
    for (const Word name : {Word{0}, first - 1, first + system.pool_frames, any - 1, any + 1,
                            Word{1} << 32 | first, top_bit, all_ones}) {
        wrong(Call::frame_allocate, "no such frame", Status::bad_argument, {{a, e, name}});
    }
    wrong(Call::frame_allocate, "the kernel's frame", Status::frame_taken, {{a, e, first}});
    const auto own = env_.must(calls::cap_identify(frame_), "identifying");
    wrong(Call::frame_allocate, "one's own frame", Status::frame_taken,
          {{a, e, own.object.value}});
    const Slot tight = account(0, 0);
    wrong(Call::frame_allocate, "beyond the limit", Status::over_limit, {{tight.value, e, any}});
    wrong(Call::frame_allocate, "name before limit", Status::frame_taken,
          {{tight.value, e, first}});
    right(Call::account_limit, "room for one", {{tight.value, 1, 0}});
    const Slot only = frame(tight);
    wrong(Call::frame_allocate, "at the limit", Status::over_limit, {{tight.value, e, any}});

    named(Call::frame_guarantee, {{0, frame_.value, 1}},
          {{0, CapType::environment, poor_env_.value},
           {1, CapType::frame, read_only_.value}});
    wrong(Call::frame_guarantee, "neither on nor off", Status::bad_argument,
          {{0, frame_.value, 2}});
    wrong(Call::frame_guarantee, "none is left", Status::over_guarantee, {{0, only.value, 1}});
    drop(only);
    drop(tight);
}

void Probe::maps() {
    const Word f = frame_.value;
    const Word window = env_.info().system().window_base;
    const Word at = region_ + 8 * page_size;
    named(Call::map, {{0, f, at, read}},
          {{0, CapType::environment, poor_env_.value}, {1, CapType::frame}});
    wrong(Call::map, "no rights", Status::bad_argument, {{0, f, at, 0}});
    wrong(Call::map, "write alone", Status::bad_argument, {{0, f, at, 2}});
    wrong(Call::map, "rights beyond", Status::bad_argument, {{0, f, at, Word{1} << 32 | 1}});
    wrong(Call::map, "rights no page has", Status::bad_argument, {{0, f, at, read | 8}});
    wrong(Call::map, "write and execute", Status::no_executable_writes, {{0, f, at, 7}});
    wrong(Call::map, "more rights", Status::no_right, {{0, read_only_.value, at, read_write}});
    wrong(Call::map, "right of none", Status::no_right, {{0, rightless_.value, at, read}});
    wrong(Call::map, "misaligned", Status::misaligned, {{0, f, at + 1, read}});
    wrong(Call::map, "misaligned before outside", Status::misaligned, {{0, f, all_ones, read}});
    const Word slot_size = kernel::abi::space_slot_size;
    for (const Word address : {window, window + slot_size - page_size, window - page_size,
                               window + 127 * slot_size, window + 128 * slot_size, top_bit,
                               top_bit | at, all_ones - 4095}) {
        wrong(Call::map, "outside", Status::bad_address, {{0, f, address, read}});
        wrong(Call::entry_store, "outside", Status::bad_address, {{0, address, 1}});
        wrong(Call::table_age, "outside", Status::bad_address, {{0, address, 1, 1}});
        wrong(Call::table_install, "outside", Status::bad_address,
              {{0, f, address, 1}});
    }
    wrong(Call::map, "no tables", Status::no_table, {{0, f, window + 126 * slot_size, read}});
    wrong(Call::unmap, "not mapped", Status::not_mapped, {{0, f, 0}});
    wrong(Call::protect, "not mapped", Status::not_mapped, {{0, f, read}});
    wrong(Call::env_vector, "not mapped", Status::not_mapped, {{0, f}});
    wrong(Call::table_install, "not the only capability", Status::busy, {{0, f, at, 1}});

    right(Call::map, "a page", {{0, f, at, read_write}});
    wrong(Call::map, "mapped twice", Status::already_mapped, {{0, f, at + page_size, read}});
    wrong(Call::map, "onto a page", Status::already_mapped, {{0, read_only_.value, at, read}});
    wrong(Call::entry_store, "onto a page", Status::already_mapped, {{0, at, 1}});
    wrong(Call::unmap, "value of 64 bits", Status::bad_argument, {{0, f, top_bit}});
    wrong(Call::protect, "write and execute", Status::no_executable_writes, {{0, f, 7}});
    wrong(Call::protect, "more than all", Status::bad_argument, {{0, f, all_ones}});
    wrong(Call::cap_delete, "a table in use", Status::busy, {{0, leaf_.value}});
    named(Call::unmap, {{0, f, 0}},
          {{0, CapType::environment, poor_env_.value}, {1, CapType::frame}});
    named(Call::protect, {{0, f, read}},
          {{0, CapType::environment, poor_env_.value}, {1, CapType::frame}});
    named(Call::env_vector, {{0, f}},
          {{0, CapType::environment, poor_env_.value}, {1, CapType::frame, read_only_.value}});
    right(Call::unmap, "the page", {{0, f, top_bit - 1}});
}

void Probe::tables() {
    const Word at = region_ + 8 * page_size;
    const Word spare = frame().value;
    named(Call::entry_store, {{0, at, 1}}, {{0, CapType::environment, poor_env_.value}});
    wrong(Call::entry_store, "misaligned", Status::misaligned, {{0, at + 8, 1}});
    wrong(Call::entry_store, "64 bits", Status::bad_argument, {{0, at, top_bit}});
    wrong(Call::entry_store, "in a child without tables", Status::no_table,
          {{env_slot_.value, at, 1}});
    named(Call::table_install, {{0, spare, at, 1}},
          {{0, CapType::environment, poor_env_.value}, {1, CapType::frame}});
    wrong(Call::table_install, "level 0", Status::bad_argument, {{0, spare, at, 0}});
    wrong(Call::table_install, "level 4", Status::bad_argument, {{0, spare, at, 4}});
    wrong(Call::table_install, "level truncated", Status::bad_argument,
          {{0, spare, at, Word{1} << 32 | 1}});
    wrong(Call::table_install, "there is one", Status::already_mapped, {{0, spare, at, 1}});
    const auto& system = env_.info().system();
    const Word far = system.window_base + 126 * kernel::abi::space_slot_size;
    wrong(Call::table_install, "its parent is missing", Status::no_table, {{0, spare, far, 1}});
    named(Call::table_age, {{0, at, 1, 1}}, {{0, CapType::environment, poor_env_.value}});
    wrong(Call::table_age, "misaligned", Status::misaligned, {{0, at + 1, 1, 1}});
    for (const Word count : {Word{0}, Word{505}, Word{513}, Word{1} << 32, all_ones}) {
        wrong(Call::table_age, "count", Status::bad_argument, {{0, at, count, 1}});
    }
    wrong(Call::table_age, "no bits", Status::bad_argument, {{0, at, 1, 0}});
    wrong(Call::table_age, "bits beyond", Status::bad_argument, {{0, at, 1, 4}});
    wrong(Call::table_age, "no tables", Status::no_table, {{env_slot_.value, at, 1, 1}});
    drop(Slot{static_cast<std::uint32_t>(spare)});
}

void Probe::accounts() {
    const Word a = kernel::abi::slot_account.value;
    const Slot spare = frame();
    named(Call::account_create, {{a, spare.value, 1, 0}},
          {{0, CapType::account, poor_account_.value}, {1, CapType::frame, read_only_.value}});
    const Word s = spare.value;
    wrong(Call::account_create, "frame named twice", Status::busy, {{a, frame_.value, 1, 0}});
    wrong(Call::account_create, "guarantee over limit", Status::bad_argument, {{a, s, 1, 2}});
    wrong(Call::account_create, "limit too large", Status::bad_argument, {{a, s, all_ones, 0}});
    wrong(Call::account_create, "guarantee truncated", Status::bad_argument,
          {{a, s, 1, Word{1} << 32}});
    wrong(Call::account_create, "more than there is", Status::over_guarantee,
          {{a, s, 1 << 20, 1 << 20}});
    wrong(Call::account_create, "paid for by another account", Status::bad_argument,
          {{sub_.value, s, 1, 0}});
    named(Call::account_limit, {{sub_.value, 64, 0}},
          {{0, CapType::account, poor_account_.value}});
    wrong(Call::account_limit, "guarantee over limit", Status::bad_argument,
          {{sub_.value, 1, 2}});
    wrong(Call::account_limit, "too large", Status::bad_argument, {{sub_.value, top_bit, 0}});
    wrong(Call::account_limit, "more than there is", Status::over_guarantee,
          {{sub_.value, 1 << 20, 1 << 20}});
    named(Call::account_revoke, {{sub_.value, 1, 0}},
          {{0, CapType::account, poor_account_.value}});
    wrong(Call::account_revoke, "nothing", Status::bad_argument, {{sub_.value, 0, 0}});
    wrong(Call::account_revoke, "truncated", Status::bad_argument,
          {{sub_.value, Word{1} << 32 | 1, 0}});
    drop(spare);

    Slot chain[account_depth_max];
    unsigned depth = 0;
    Slot parent = kernel::abi::slot_account;
    Slot deeper = frame(parent);
    while (depth < account_depth_max &&
           raw(Call::account_create, {{parent.value, deeper.value, 64 - depth, 0}}) ==
               Status::ok) {
        chain[depth++] = deeper;
        parent = deeper;
        deeper = frame(parent);
    }
    const Word above = id_ == kernel::abi::EnvId{1} ? 1 : 2;  // the root account, and its own
    expect("account_create", "depth", account_depth_max - above, depth);
    wrong(Call::account_create, "too deep", Status::bad_argument,
          {{parent.value, deeper.value, 1, 0}});
    drop(deeper);
    wrong(Call::cap_delete, "an account in use", Status::busy, {{0, chain[0].value}});
    while (depth > 0) drop(chain[--depth]);
}

void Probe::environments() {
    const Slot spare[3] = {frame(), frame(), frame()};
    const Slot payer = account(8, 0);
    const Words good{{payer.value, spare[0].value, spare[1].value, spare[2].value}};
    const Word shared = read_only_.value;
    named(Call::env_create, good,
          {{0, CapType::account, poor_account_.value}, {1, CapType::frame, shared},
           {2, CapType::frame, shared}, {3, CapType::frame, shared}});
    wrong(Call::env_create, "account in use", Status::busy, good.with(0, sub_.value));
    wrong(Call::env_create, "object shared", Status::busy, good.with(1, frame_.value));
    wrong(Call::env_create, "a slot twice", Status::bad_argument, good.with(1, spare[1].value));
    wrong(Call::env_create, "a slot twice", Status::bad_argument, good.with(3, spare[1].value));
    named(Call::env_extend, {{env_slot_.value, spare[0].value}},
          {{0, CapType::environment, poor_env_.value}, {1, CapType::frame, shared}});
    named(Call::env_start, {{env_slot_.value, region_, region_, region_}},
          {{0, CapType::environment, poor_env_.value}});
    wrong(Call::env_start, "running", Status::bad_state, {{0, region_, region_, region_}});
    for (const Word wild : {Word{1} << 47, top_bit, all_ones}) {
        wrong(Call::env_start, "wild entry", Status::bad_address,
              {{env_slot_.value, wild, region_, region_}});
        wrong(Call::env_start, "wild stack", Status::bad_address,
              {{env_slot_.value, region_, wild, region_}});
    }
    named(Call::env_destroy, {{env_slot_.value}},
          {{0, CapType::environment, poor_env_.value}});
    wrong(Call::env_destroy, "itself", Status::bad_state, {{0}});
    named(Call::yield, {{env_slot_.value}}, {{0, CapType::environment, poor_env_.value}});
    wrong(Call::yield, "to an embryo", Status::bad_state, {{env_slot_.value}});
    for (const Slot each : spare) drop(each);
    drop(payer);

    unsigned extended = 1;
    Slot more = frame();
    while (raw(Call::env_extend, {{env_slot_.value, more.value}}) == Status::ok) {
        env_.space().give_slot(more);
        more = frame();
        ++extended;
    }
    expect("env_extend", "frames of a table", kernel::abi::env_table_frames_max, extended);
    wrong(Call::env_extend, "a full table", Status::over_limit, {{env_slot_.value, more.value}});
    drop(more);
}

void Probe::rest() {
    wrong(Call::call_count, "no such call", Status::bad_call, {});
    const Word page = region_ + 16 * page_size;
    const Slot text = frame();
    right(Call::map, "text", {{0, text.value, page, read}});
    const Word console = kernel::abi::slot_console.value;
    named(Call::console_write, {{console, 0, page, 1}},
          {{0, CapType::console, poor_console_.value}});
    for (const Word channel : {Word{2}, Word{1} << 32, all_ones}) {
        wrong(Call::console_write, "channel", Status::bad_argument, {{console, channel, page, 1}});
    }
    for (const Word size : {Word{0}, Word{1025}, Word{1} << 32 | 1, all_ones}) {
        wrong(Call::console_write, "size", Status::bad_argument, {{console, 0, page, size}});
    }
    const Word window = env_.info().system().window_base;
    for (const Word address : {window, page + page_size, page + page_size - 1, top_bit, all_ones,
                               window + 127 * kernel::abi::space_slot_size}) {
        wrong(Call::console_write, "memory", Status::bad_address, {{console, 0, address, 2}});
    }
    drop(text);
}

// Wide and deep, then all gone with one revocation.
void Probe::many_derivations() {
    constexpr unsigned count = 200;
    const Slot root = frame();
    Slot made[count];
    for (Slot& each : made) each = slot();
    for (unsigned round = 0; round < 5; ++round) {
        const bool deep = round % 2 == 1;
        for (unsigned i = 0; i < count; ++i) {
            const Slot from = deep && i > 0 ? made[i - 1] : root;
            right(Call::cap_derive, "one of many",
                  {{from.value, made[i].value, word_of(Rights::read | Rights::grant)}});
        }
        const Word page = region_ + 32 * page_size;
        right(Call::map, "the last", {{0, made[count - 1].value, page, read}});
        right(Call::cap_revoke, "many", {{root.value}});
        wrong(Call::unmap, "after revocation", Status::empty_slot,
              {{0, made[count - 1].value, 0}});
        wrong(Call::map, "after revocation", Status::empty_slot, {{0, made[0].value, page, read}});
    }
    for (const Slot each : made) env_.space().give_slot(each);
    drop(root);
}

// Until no number is left.
void Probe::many_environments() {
    constexpr unsigned most = 24;
    Slot envs[kernel::abi::environments_max];
    Slot payers[kernel::abi::environments_max];
    const Counters before = counters();
    for (unsigned i = 0; i < most; ++i) {
        payers[i] = account(16, 0);
        envs[i] = embryo(payers[i]);
    }
    for (unsigned i = 0; i < most; ++i) {
        right(Call::env_destroy, "an embryo", {{envs[i].value}});
        wrong(Call::env_destroy, "twice", Status::empty_slot, {{envs[i].value}});
        env_.space().give_slot(envs[i]);
        drop(payers[i]);
    }
    expect("env_destroy", "frames returned", before.free, counters().free);
}

struct Trapped {
    Environment* env;
    unsigned count;
    Upcall kind;
    Word error;
};

// Goes on where the interrupted code said in rbx.
bool skip(void* cookie, const libos::rt::UpcallData& data) {
    auto& trapped = *static_cast<Trapped*>(cookie);
    if (data.kind != Upcall::page_fault && data.kind != Upcall::exception) return false;
    ++trapped.count;
    trapped.kind = data.kind;
    trapped.error = data.error;
    auto& saved = trapped.env->upcalls().page().saved;
    saved.rip = saved.rbx;
    return true;
}

#define PROBE_INSTRUCTION(text, in)                                                            \
    asm volatile("lea 1f(%%rip), %%rbx\n" text "\n1:"                                          \
                 : : "a"(in), "c"(0), "d"(0) : "rbx", "memory", "cc")

void Probe::instructions() {
    Trapped trapped{&env_, 0, Upcall::upcall_count, 0};
    env_.upcalls().add(skip, &trapped);
    const auto saw = [&](std::string_view what, Upcall kind, Word error) {
        expect(what, "upcalls", 1, trapped.count);
        expect(what, "kind", static_cast<Word>(kind), static_cast<Word>(trapped.kind));
        expect(what, "error", error, trapped.error);
        trapped.count = 0;
    };
    PROBE_INSTRUCTION("ud2", 0);
    saw("ud2", Upcall::exception, 6);
    PROBE_INSTRUCTION("hlt", 0);
    saw("hlt", Upcall::exception, 13);
    PROBE_INSTRUCTION("cli", 0);
    saw("cli", Upcall::exception, 13);
    PROBE_INSTRUCTION("mov %%cr3, %%rax", 0);
    saw("mov cr3", Upcall::exception, 13);
    PROBE_INSTRUCTION("in %%dx, %%al", 0);
    saw("in", Upcall::exception, 13);
    PROBE_INSTRUCTION("out %%al, %%dx", 0);
    saw("out", Upcall::exception, 13);
    PROBE_INSTRUCTION("wrmsr", 0);
    saw("wrmsr", Upcall::exception, 13);
    PROBE_INSTRUCTION("div %%ecx", 1);
    saw("division by zero", Upcall::exception, 0);
    PROBE_INSTRUCTION("mov (%%rax), %%al", top_bit);
    saw("non-canonical read", Upcall::exception, 13);
    const Word window = env_.info().system().window_base;
    PROBE_INSTRUCTION("mov (%%rax), %%al", window + page_size);
    saw("read in slot 0", Upcall::page_fault, 4);
    PROBE_INSTRUCTION("mov %%al, (%%rax)", window + page_size);
    saw("write in slot 0", Upcall::page_fault, 6);
    PROBE_INSTRUCTION("mov %%al, (%%rax)", env_.start().info);
    saw("write to the info window", Upcall::page_fault, 7);
    env_.upcalls().remove(&trapped);
}

Word deny(Environment& env) {
    *reinterpret_cast<volatile Word*>(env.info().system().window_base + page_size) = 1;
    return 0;
}

// What a hostile child does; what it returns is its exit code.
int misbehave(Environment& env, Manner manner) {
    volatile auto& page = env.upcalls().page();
    const Word slot_0 = env.info().system().window_base + 2 * page_size;
    switch (manner) {
        case exits: return 7;
        case faults_masked: page.masked = 1; break;
        case drops_vector:
            static_cast<void>(calls::unmap(env.upcalls().slot(), 0));
            break;
        case wild_handler: page.handler = slot_0; break;
        case bad_handler: page.handler = Word{1} << 47; break;
        case no_stack: page.stack_top = 0; break;
        case wild_stack: page.stack_top = slot_0; break;
        case never_yields:
            for (;;) static_cast<void>(calls::compute(libos::rt::Nanoseconds{1000}));
        case nests: {
            const auto inner = libos::rt::spawn(
                env, {.program = "probe", .limit_frames = 120, .argument = sleeps});
            return inner.has_value() ? 9 : 8;
        }
        case illegal: __builtin_trap();
        case wild_resume: resume_anywhere(page);
        case asks_and_ends: return ask_and_end(env);
        case sleeps:
            for (;;) static_cast<void>(calls::park(kernel::abi::never));
        default: return serve(env, manner);
    }
    return static_cast<int>(deny(env));
}

void Probe::child(std::string_view what, Manner manner, EndReason reason, std::uint32_t code) {
    const std::uint32_t free = counters().free;
    const auto made = libos::rt::spawn(env_, {.program = "probe",
                                              .limit_frames = 400,
                                              .argument = manner,
                                              .account_rights = Rights::all});
    expect(what, "spawned", 1, made.has_value() ? 1 : 0);
    if (!made.has_value()) return;
    if (manner == never_yields || manner == sleeps) {
        static_cast<void>(calls::park(Instant{env_.now().value + 20'000'000}));
    } else {
        libos::rt::wait(env_, *made);
        const auto& info = env_.info().env(made->id);
        expect(what, "reason", static_cast<Word>(reason), static_cast<Word>(info.reason));
        expect(what, "exit code", code, info.exit_code);
    }
    libos::rt::destroy(env_, *made);
    expect(what, "frames returned", free, counters().free);
}

void Probe::children() {
    constexpr auto masked = EndReason::fault_while_masked;
    child("exits", exits, EndReason::exited, 7);
    child("faults masked", faults_masked, masked, 0);
    child("drops its vector", drops_vector, EndReason::no_vector, 0);
    child("wild handler", wild_handler, masked, 0);
    child("non-canonical handler", bad_handler, EndReason::no_vector, 0);
    child("no stack", no_stack, EndReason::no_vector, 0);
    child("wild stack", wild_stack, masked, 0);
    child("illegal instruction", illegal, EndReason::exited, libos::rt::exit_panic);
    child("never yields", never_yields, EndReason::destroyed, 0);
    child("leaves a child", nests, EndReason::exited, 9);
    child("wild resume range", wild_resume, EndReason::exited, libos::rt::exit_panic);
    child("asks for frames and ends", asks_and_ends, EndReason::exited, 7);
}

// Revocation with a deadline in the past, of more than there is, and with the account gone.
void Probe::revocations() {
    const Counters before = counters();
    const Slot payer = account(32, 2);
    Slot held[8];
    for (Slot& each : held) each = frame(payer);
    right(Call::frame_guarantee, "within the guarantee", {{0, held[0].value, 1}});
    const Word most = kernel::abi::frame_number_max.value;
    right(Call::account_revoke, "all, in the past", {{payer.value, most, 0}});
    static_cast<void>(calls::park(Instant{env_.now().value + 1'000'000}));
    right(Call::frame_guarantee, "the guaranteed one stays", {{0, held[0].value, 0}});
    for (unsigned i = 1; i < 8; ++i) {
        wrong(Call::frame_guarantee, "repossessed", Status::empty_slot, {{0, held[i].value, 1}});
        env_.space().give_slot(held[i]);
    }
    right(Call::account_revoke, "the last", {{payer.value, 1, all_ones}});
    wrong(Call::account_revoke, "twice", Status::busy, {{payer.value, 1, all_ones}});
    drop(held[0]);
    right(Call::account_revoke, "of nothing", {{payer.value, 1, all_ones}});
    drop(payer);
    expect("account_revoke", "frames returned", before.free, counters().free);
    expect("account_revoke", "reserved", before.reserved, counters().reserved);
}

// An environment takes the last capabilities of another's account, and of that one's parent.
void Probe::dangling_accounts() {
    const Counters before = counters();
    const Slot outer = account(64, 0);
    const Slot inner = account(32, 0, outer);
    const Slot left = embryo(inner);
    const Slot holder_account = account(32, 0);
    const Slot holder = embryo(holder_account);
    Word its = 8;
    for (const Slot each : {outer, inner}) {
        right(Call::cap_grant, "an account",
              {{holder.value, each.value, its++, word_of(Rights::all)}});
    }
    for (const Slot each : {inner, outer}) {
        right(Call::cap_delete, "not the last", {{0, each.value}});
        env_.space().give_slot(each);
    }
    for (const Slot each : {holder, left}) {
        right(Call::env_destroy, "an embryo", {{each.value}});
        env_.space().give_slot(each);
    }
    drop(holder_account);
    expect("env_destroy", "frames returned", before.free, counters().free);
}

// Two environments that hold each other's last capability: the machine's end gets them.
void Probe::orphans() {
    const Slot one = embryo(account(32, 0));
    const Slot two = embryo(account(32, 0));
    const Word rights = word_of(Rights::manage | Rights::grant);
    right(Call::cap_grant, "one another", {{one.value, two.value, 8, rights}});
    right(Call::cap_grant, "one another", {{two.value, one.value, 8, rights}});
    right(Call::cap_delete, "not the last", {{0, one.value}});
    right(Call::cap_delete, "not the last", {{0, two.value}});
}

int Probe::run() {
    prepare();
    capabilities();
    frames();
    maps();
    tables();
    accounts();
    environments();
    rest();
    slices();
    transfers();
    codes();
    many_derivations();
    many_environments();
    instructions();
    children();
    revocations();
    dangling_accounts();
    environment_numbers();
    if (id_ == kernel::abi::EnvId{1}) {  // the root environment: all of the pool is its own
        frames_owed_to_others();
        orphans();  // whose frames stay charged to it until the end
    }
    libos::rt::JsonLine line;
    line.add("checks", checks_).add("failures", failures_);
    env_.report(line);
    return failures_ == 0 ? 0 : 1;
}

int run(Environment& env) {
    const auto manner = static_cast<Manner>(env.start().argument);
    if (manner != probing) return misbehave(env, manner);
    return Probe{env}.run();
}

}  // namespace scenarios::probe

CHITIN_PROGRAM(probe, "Calls the kernel wrongly in every way, and says what did not fail.",
               libos::rt::no_parameters, scenarios::probe::run)
