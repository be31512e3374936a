// Part of sequence: what an actor does with a disk besides calls: requests, answers, trees.
//
// Each of its steps is one that a fuzzer would need too long for to find: bytes of a checksum, a
// program that the kernel takes. What is done with them is the sequence's.
#pragma once

#include "kernel/abi/tree.hpp"
#include "libos/code/download.hpp"
#include "libos/disk/ownership.hpp"
#include "libos/disk/tree.hpp"
#include "scenarios/programs/sequence_touch.hpp"

namespace scenarios::sequence {

using libos::code::Instruction;
using libos::rt::Slot;

// What the functions of a tree's types can be. `never` says of all contents that they are no block
// of its type; `endless` is refused by the kernel.
namespace functions {
namespace owns = libos::disk::owns;
inline constexpr std::int32_t magic = 5;
inline constexpr auto entries = owns::entries(4);
inline constexpr auto pointers = owns::pointers(64, 4, 4, kernel::abi::tree_data);
inline constexpr auto runs = owns::runs(magic, 2);
inline constexpr Instruction never[] = {libos::code::set(0, -1), libos::code::leave()};
inline constexpr Instruction endless[] = {libos::code::set(0, 0)};
}  // namespace functions

constexpr libos::disk::Function instructions_of(Word function) {
    constexpr libos::disk::Function all[] = {functions::entries, functions::pointers,
                                             functions::runs, functions::never,
                                             functions::endless};
    static_assert(std::size(all) == static_cast<std::size_t>(Function::count));
    return all[function % std::size(all)];
}

class DiskHand {
public:
    DiskHand(libos::rt::Environment& env, Ground& ground, Touch& touch)
        : env_{env}, ground_{ground}, touch_{touch} {}

    // Ring and buffers, mapped; and the slots that steps name are no longer the runtime's.
    void prepare();
    // The ring is a new one.
    void begin_ring() { put_ = 0; }

    // Words as the operation's shape has them (sequence_steps.hpp).
    void put_request(const Word (&words)[arguments_max]);
    void await_answers(Word sleeps, Word span);
    void load_function(Word place, Word function, Word frames);
    void take_row(Word place, Word count);
    void write_header(Word page, Word blocks, Word function, Word functions);
    void write_entry(Word page, Word index, Word block, Word type);

private:
    static constexpr unsigned sleeps_max = 8;
    static constexpr unsigned row_max = 16;
    static constexpr unsigned slots_first = 96;  // what steps mostly name
    static constexpr unsigned slots_end = 112;

    void keep_slots();
    std::uint32_t free_row(Word count);

    libos::rt::Environment& env_;
    Ground& ground_;
    Touch& touch_;
    std::uint32_t put_ = 0;  // requests, since the ring was made
};

inline void DiskHand::keep_slots() {
    Slot others[slots_end];
    unsigned count = 0;
    for (unsigned kept = 0; kept < slots_end - slots_first && count < slots_end;) {
        const auto slot = env_.space().take_slot();
        if (!slot.has_value()) break;
        if (slot->value >= slots_first && slot->value < slots_end) {
            ++kept;
        } else {
            others[count++] = *slot;
        }
    }
    for (unsigned i = 0; i < count; ++i) env_.space().give_slot(others[i]);
}

inline void DiskHand::prepare() {
    using libos::rt::Rights;
    keep_slots();
    ground_.disk = true;
    ground_.disk_pages = env_.space().reserve(disk_pages_max).value;
    for (unsigned i = 0; i < disk_pages_max; ++i) {
        const auto slot = env_.space().allocate();
        if (!slot.has_value()) return;
        const libos::rt::VirtAddr page{ground_.disk_pages + i * page_size};
        static_cast<void>(env_.space().map(*slot, page, Rights::read | Rights::write));
        ground_.disk_slots[i] = slot->value;
    }
}

// Frames: all the same, or in slots that follow one another (an odd last word).
inline void DiskHand::put_request(const Word (&words)[arguments_max]) {
    using namespace kernel::abi;
    DiskRequest request{};
    request.op = static_cast<DiskOp>(words[0]);
    request.count = static_cast<std::uint32_t>(words[3]);
    request.extent = Slot{static_cast<std::uint32_t>(words[1])};
    request.block = static_cast<std::uint32_t>(words[2]);
    request.cookie = put_;
    for (unsigned i = 0; i < disk_request_blocks_max; ++i) {
        request.frames[i].value = static_cast<std::uint32_t>(words[4] + words[5] % 2 * i);
    }
    const auto entry = offsetof(DiskRing, requests) + put_++ % disk_requests_max * sizeof request;
    constexpr std::size_t count = sizeof request / sizeof(Word);
    Word copy[count];
    __builtin_memcpy(copy, &request, sizeof request);
    touch_.store(ground_.disk_pages + entry, copy);
}

inline void DiskHand::await_answers(Word sleeps, Word span) {
    for (Word i = 0;; ++i) {
        Word completed = 0;
        if (!touch_.load(ground_.disk_pages, completed)) return;
        if (static_cast<std::uint32_t>(completed) == put_ || i == sleeps % sleeps_max) return;
        static_cast<void>(chitin_gate(env_.info().system().now_ns + span, 0, 0, 0, 0, 0,
                                      static_cast<Word>(Call::park)));
    }
}

inline void DiskHand::load_function(Word place, Word function, Word frames) {
    using libos::rt::Rights;
    const auto down = libos::code::download(env_, instructions_of(function),
                                            kernel::abi::CodeKind::ownership,
                                            static_cast<std::uint32_t>(1 + frames % 32));
    if (!down.code.has_value()) return;
    static_cast<void>(libos::rt::calls::cap_derive(*down.code,
                                                   Slot{static_cast<std::uint32_t>(place)},
                                                   Rights::execute | Rights::manage |
                                                       Rights::grant));
    env_.space().release(*down.code);
}

// The first of `count` frames in a row that are free; 0: there are none.
inline std::uint32_t DiskHand::free_row(Word count) {
    const auto& system = env_.info().system();
    const std::uint32_t first = system.pool_first.value;
    std::uint32_t found = 0;
    for (std::uint32_t i = 0; i < system.pool_frames; ++i) {
        const volatile auto& frame = env_.info().frame(libos::rt::FrameNumber{first + i});
        found = frame.state == kernel::abi::FrameState::free ? found + 1 : 0;
        if (found == count) return first + i + 1 - found;
    }
    return 0;
}

inline void DiskHand::take_row(Word place, Word count) {
    count = 1 + (count + row_max - 1) % row_max;  // 1 .. row_max
    const std::uint32_t first = free_row(count);
    for (std::uint32_t i = 0; first != 0 && i < count; ++i) {
        static_cast<void>(libos::rt::calls::frame_allocate(
            kernel::abi::slot_account, Slot{static_cast<std::uint32_t>(place + i)},
            libos::rt::FrameNumber{first + i}));
    }
}

inline void DiskHand::write_header(Word page, Word blocks, Word function, Word functions) {
    libos::disk::Function all[kernel::abi::tree_types_max];
    for (Word i = 0; i < std::size(all); ++i) all[i] = instructions_of(function + i);
    kernel::abi::TreeHeader header;
    const std::size_t count = functions % (std::size(all) + 1);
    if (!libos::disk::make_header(header, static_cast<std::uint32_t>(blocks),
                                  std::span{all}.first(count))) {
        return;
    }
    touch_.store(page, {reinterpret_cast<const Word*>(&header), sizeof header / sizeof(Word)});
}

inline void DiskHand::write_entry(Word page, Word index, Word block, Word type) {
    const Word words[] = {(block & 0xffff'ffff) | type << 32};
    touch_.store(page + index % (page_size / sizeof(Word)) * sizeof(Word), words);
}

}  // namespace scenarios::sequence
