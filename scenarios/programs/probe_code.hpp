// Code: programs that are no programs, frames that are not in a row, predicates nobody verified.
//
// Part of program probe; split off so that each file can be read in one sitting.
#pragma once

#include <cstring>

#include "libos/code/download.hpp"
#include "libos/code/predicates.hpp"
#include "scenarios/programs/probe.hpp"

namespace scenarios::probe {

using kernel::abi::CodeReason;
using libos::code::Instruction;

inline void Probe::wrong_downloads(const Words& good, std::span<const Slot> row) {
    constexpr Call call = Call::code_load;
    named(call, good, {{0, CapType::frame, read_only_.value}});
    wrong(call, "a frame of two capabilities", Status::busy, good.with(0, frame_.value));
    for (const Word frames : {Word{0}, Word{65}, Word{1} << 32 | 1, all_ones}) {
        wrong(call, "frames", Status::bad_argument, good.with(1, frames));
    }
    const Slot other = derived(row[1], Rights::read);
    wrong(call, "one of them shared", Status::busy, good);
    drop(other);
    const Word page = region_ + 41 * page_size;
    right(Call::map, "one of them", {{0, row[2].value, page, read}});
    wrong(call, "one of them mapped", Status::busy, good);
    right(Call::unmap, "it", {{0, row[2].value, 0}});
    const Word program = good.word[2];
    wrong(call, "misaligned", Status::misaligned, good.with(2, program + 4));
    for (const Word units : {Word{0}, Word{257}, Word{1} << 32 | 1, all_ones}) {
        wrong(call, "units", Status::bad_argument, good.with(3, units));
    }
    constexpr auto no_kind = static_cast<Word>(kernel::abi::CodeKind::kind_count);
    for (const Word kind : {no_kind, Word{1} << 32, all_ones}) {
        wrong(call, "kind", Status::bad_argument, good.with(4, kind));
    }
    const Word window = env_.info().system().window_base;
    for (const Word address : {window, program + page_size - 8, all_ones - 7, top_bit,
                               window + 127 * kernel::abi::space_slot_size}) {
        wrong(call, "memory", Status::bad_address, good.with(2, address));
    }
    wrong(call, "memory after kind", Status::bad_argument, good.with(2, window).with(4, no_kind));
}

inline void Probe::wrong_predicates(Slot code) {
    const Slot no_run = derived(code, Rights::manage | Rights::grant);
    const Slot no_verify = derived(code, Rights::execute);
    const Word f = frame_.value;
    const Words good{{code.value, 0, f, f}};
    named(Call::park_until, good,
          {{0, CapType::code, no_run.value}, {2, CapType::frame, rightless_.value},
           {3, CapType::frame, rightless_.value}});
    named(Call::code_verify, {{code.value}}, {{0, CapType::code, no_verify.value}});
    wrong(Call::map, "code", Status::wrong_type, {{0, code.value, region_, read}});
    drop(no_run);
    drop(no_verify);
}

// Programs that the kernel must not take, and what it must say of them.
inline void Probe::refusals(Word page) {
    struct Refused {
        Instruction program[4];
        Word units;
        std::uint32_t instruction;
        CodeReason reason;
        std::uint32_t frames;
    };
    using namespace libos::code;
    const Refused all[] = {
        {{leave()}, 1, 0, CodeReason::uninitialised, 16},
        {{set(0, 0), store(1, 0, 0), leave()}, 3, 1, CodeReason::read_only, 16},
        {{load(0, 1, 4089), leave()}, 2, 0, CodeReason::outside_window, 16},
        {{load(0, 3, -1), leave()}, 2, 0, CodeReason::outside_window, 16},
        {{set(0, 0), jump(-2), leave()}, 3, 0, CodeReason::endless_loop, 16},
        {{set(0, 0), jump(5), leave()}, 3, 1, CodeReason::jump_outside, 16},
        {{{0xff, 0, 0, 0}, leave()}, 2, 0, CodeReason::unknown_opcode, 16},
        {{{0x85, 0, 0, 1}, leave()}, 2, 0, CodeReason::unknown_helper, 16},
        {{set(0, 0), leave()}, 2, 0, CodeReason::no_room, 1},
    };
    for (const Refused& each : all) {
        const Word free = counters().free;
        Slot row[16];
        const auto some = std::span{row}.first(each.frames);
        env_.must(take_frames_in_a_row(env_, some), "frames in a row");
        std::memcpy(reinterpret_cast<void*>(page), each.program, sizeof each.program);
        right(Call::code_load, "a bad program", {{row[0].value, each.frames, page, each.units, 0}});
        for (const Slot slot : some.subspan(1)) env_.space().give_slot(slot);
        for (unsigned again = 0; again < 2; ++again) {
            const calls::Answer answer = calls::code_verify(row[0]);
            const auto fault = kernel::abi::fault_of(answer.value);
            expect("code_verify", "a bad program", static_cast<Word>(Status::code_refused),
                   static_cast<Word>(answer.status));
            expect("code_verify", "why", static_cast<Word>(each.reason),
                   static_cast<Word>(fault.reason));
            expect("code_verify", "where", each.instruction, fault.instruction);
        }
        wrong(Call::park_until, "refused", Status::bad_state,
              {{row[0].value, 0, frame_.value, frame_.value}});
        drop(row[0]);
        expect("code_load", "frames given back", free, counters().free);
    }
}

// As many programs are compiled as there are pages for it; the others run as well.
inline void Probe::compiled(Word page, Slot text) {
    constexpr std::uint32_t programs = 20, pages = 16, frames = 16;
    Slot codes[programs];
    for (std::uint32_t i = 0; i < programs; ++i) {
        Slot row[frames];
        env_.must(libos::code::take_frames_in_a_row(env_, row), "frames in a row");
        right(Call::code_load, "one of many", {{row[0].value, frames, page, 2, 0}});
        for (const Slot slot : std::span{row}.subspan(1)) env_.space().give_slot(slot);
        right(Call::code_verify, "one of many", {{row[0].value}});
        expect("code_verify", "compiled", i < pages ? i + 1 : pages,
               env_.info().system().code_compiled);
        codes[i] = row[0];
    }
    for (const Slot code : {codes[0], codes[programs - 1]}) {
        right(Call::park_until, "compiled or not",
              {{code.value, all_ones, text.value, text.value}});
    }
    for (const Slot code : codes) drop(code);
    expect("code_verify", "pages given back", 0, env_.info().system().code_compiled);
}

inline void Probe::codes() {
    constexpr std::uint32_t frames = 16;
    const Word page = region_ + 40 * page_size;
    const Slot text = frame();
    right(Call::map, "a page", {{0, text.value, page, read_write}});
    const Word free = counters().free;
    const auto program = libos::code::reached(0, 8);
    std::memcpy(reinterpret_cast<void*>(page), program.data(), sizeof program);
    Slot row[frames];
    env_.must(libos::code::take_frames_in_a_row(env_, row), "frames in a row");
    const Word code = row[0].value;
    const Words good{{code, frames, page, program.size(), 0}};
    wrong_downloads(good, row);

    right(Call::code_load, "a program", good);
    for (const Slot slot : std::span{row}.subspan(1)) env_.space().give_slot(slot);
    wrong(Call::code_load, "code", Status::wrong_type, good);
    const Words past{{code, 0, text.value, text.value}};
    wrong(Call::park_until, "not verified", Status::bad_state, past);
    const calls::Answer bound = calls::code_verify(row[0]);
    expect("code_verify", "the bound", program.size(), bound.value);
    expect("code_verify", "again", bound.value, calls::code_verify(row[0]).value);
    expect("code_verify", "frames kept", free - 1, counters().free);
    wrong_predicates(row[0]);

    auto* const words = reinterpret_cast<volatile Word*>(page);
    words[0] = 1;
    words[1] = 2;
    const Word later = env_.now().value + 100'000;
    right(Call::park_until, "until the past", past);
    right(Call::park_until, "what does not come", past.with(1, later));
    expect("park_until", "slept", 1, env_.now().value >= later ? 1 : 0);
    words[0] = 2;
    right(Call::park_until, "what holds", past.with(1, all_ones));
    drop(row[0]);
    expect("code_load", "frames given back", free, counters().free);
    refusals(page);
    const Instruction always[] = {libos::code::set(0, 1), libos::code::leave()};
    std::memcpy(reinterpret_cast<void*>(page), always, sizeof always);
    compiled(page, text);
    drop(text);
}

}  // namespace scenarios::probe
