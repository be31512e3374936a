// Words: what a byte of a step means as an argument: mostly something plausible, sometimes not.
//
// A byte names things by their part in the sequence (the child's environment, the third page of the
// region), so that the same bytes mean the same on both machines and on every core.
#pragma once

#include "kernel/abi/cycle.hpp"
#include "kernel/abi/disk.hpp"
#include "kernel/abi/rights.hpp"
#include "kernel/abi/tree.hpp"
#include "scenarios/programs/sequence_steps.hpp"

namespace scenarios::sequence {

using Word = std::uint64_t;
using kernel::abi::page_size;

// Slots that have a name: bytes from slot_named_first on.
enum Named : unsigned {
    named_child,                              // of actor i
    named_account = named_child + actors_max, // its account
    named_page = named_account + actors_max,  // the upcall page
    named_stack,                              // the stack's topmost frame
    named_leaf,                               // the region's leaf table
    named_peer,                               // the other core's root environment
    named_count,
};

inline constexpr unsigned slot_named_first = 128;
inline constexpr unsigned slot_beyond_first = slot_named_first + named_count;
inline constexpr unsigned slot_wild_first = 200;

// With a disk other bytes have names besides: the slots of what an actor has ready for it, and the
// addresses of that. Slot 4 has the disk itself, in core 0's root and in children it trusts.
inline constexpr unsigned slot_disk_first = slot_wild_first - disk_pages_max;
inline constexpr unsigned address_disk_first = 112 - disk_pages_max;

// Where an actor is: what its bytes are relative to.
struct Ground {
    Word window = 0;
    Word base = 0;    // of its space slot
    Word region = 0;  // of the region it plays in
    Word stack_top = 0;
    Word upcall_page = 0;
    Word info = 0;
    Word pool_first = 0;
    Word pool_frames = 0;
    Word now = 0;
    Word entry = 0;  // of the program
    Word named[named_count] = {};
    bool disk = false;
    Word disk_pages = 0;  // the first of disk_pages_max: the ring's
    Word disk_slots[disk_pages_max] = {};
};

constexpr Word slot_word(unsigned byte, const Ground& ground) {
    constexpr Word wild[] = {0xffff'ffff, Word{1} << 32, ~Word{0}, 16'383, 16'384, Word{1} << 31};
    if (byte < slot_named_first) return byte;
    if (byte < slot_beyond_first) return ground.named[byte - slot_named_first];
    if (ground.disk && byte >= slot_disk_first && byte < slot_wild_first) {
        return ground.disk_slots[byte - slot_disk_first];
    }
    if (byte < slot_wild_first) return byte - slot_beyond_first + slot_named_first;
    return wild[byte % (sizeof wild / sizeof wild[0])];
}

// Pages that an actor has already, from address byte 112 on.
constexpr Word own_page(unsigned index, const Ground& ground) {
    if (index < 8) return ground.stack_top - (index + 1) * page_size;
    const Word pages[] = {ground.upcall_page,
                          ground.upcall_page + page_size,
                          ground.upcall_page + 16 * page_size,
                          ground.base + (Word{16} << 20),
                          ground.info,
                          ground.info + kernel::abi::info_frame_offset,
                          ground.info + kernel::abi::info_bundle_offset,
                          ground.info + kernel::abi::info_env_offset};
    return pages[index - 8];
}

constexpr Word wild_address(unsigned index, const Ground& ground) {
    const Word all[] = {0,
                        page_size,
                        ground.window + page_size,
                        ground.window + kernel::abi::window_size,
                        (Word{1} << 47) - page_size,
                        Word{1} << 47,
                        Word{1} << 63,
                        ~Word{0},
                        ground.base + kernel::abi::space_slot_size - page_size,
                        ground.base - page_size,
                        ground.window + 126 * kernel::abi::space_slot_size};
    return all[index % (sizeof all / sizeof all[0])];
}

constexpr Word address_word(unsigned byte, const Ground& ground) {
    constexpr Word odd[] = {8, 1, 2048, 4095};
    constexpr Word leaf_span = Word{2} << 20;
    constexpr Word middle_span = Word{1} << 30;
    if (byte < 64) return ground.region + byte * page_size;
    if (byte < 96) return ground.region + leaf_span + (byte - 64) * page_size;
    if (ground.disk && byte >= address_disk_first && byte < 112) {
        return ground.disk_pages + (byte - address_disk_first) * page_size;
    }
    if (byte < 112) return ground.region + middle_span + (byte - 96) * page_size;
    if (byte < 128) return own_page(byte - 112, ground);
    if (byte < 160) return ground.region + (byte - 128) / 4 * page_size + odd[byte % 4];
    if (byte < 192) {
        return ground.window + (byte - 160) * 4 * kernel::abi::space_slot_size + middle_span;
    }
    return wild_address(byte, ground);
}

// Every block of the disk and some behind it, any_block, and what is no block.
constexpr Word block_word(unsigned byte) {
    constexpr Word any = kernel::abi::any_block;
    constexpr Word most = kernel::abi::tree_blocks_max;
    constexpr Word wild[] = {any - 1, any + 1, any + 3, Word{1} << 31, ~Word{0}, Word{1} << 63,
                             most, most - 1, Word{0xffff}, Word{1} << 16, any};
    if (byte < disk_blocks + 32) return byte;
    return byte < 192 ? any : wild[byte % (sizeof wild / sizeof wild[0])];
}

constexpr Word rights_word(unsigned byte) {
    if (byte == 254) return 256;
    return byte == 253 ? ~Word{0} : byte;
}

constexpr Word frame_word(unsigned byte, const Ground& ground) {
    if (byte < 64) return kernel::abi::any_frame.value;
    if (byte < 192) return ground.pool_first + (byte - 64) * ground.pool_frames / 128 + byte % 4;
    const Word wild[] = {0,
                         ground.pool_first - 1,
                         ground.pool_first + ground.pool_frames,
                         ground.pool_first + 2 * ground.pool_frames,
                         kernel::abi::frame_number_max.value,
                         Word{1} << 32,
                         ~Word{0}};
    return wild[byte % (sizeof wild / sizeof wild[0])];
}

// A power of two, or one less where bit 6 is set. With masks: of `byte / 64 % 2` g++ 12 at -O2 made
// 1 where it is 0.
constexpr Word power_word(unsigned byte) { return (Word{1} << (byte & 63)) - (byte >> 6 & 1); }

constexpr Word number_word(unsigned byte) { return byte < 192 ? byte : power_word(byte); }

constexpr Word span_word(unsigned byte) {
    if (byte >= 254) return kernel::abi::compute_ns_max + (255 - byte);
    return (byte % 16 + Word{1}) << (6 + byte / 16);
}

constexpr Word instant_word(unsigned byte, const Ground& ground) {
    if (byte == 0) return 0;
    if (byte >= 254) return kernel::abi::never.value - (255 - byte);
    return ground.now + span_word(byte);
}

constexpr Word value_word(unsigned byte) {
    return byte < 128 ? byte : power_word(byte);
}

constexpr Word position_word(unsigned byte) {
    return byte < 128 ? kernel::abi::any_position : byte % 80;
}

constexpr Word entry_word(unsigned byte, const Ground& ground) {
    const Word all[] = {ground.entry, ground.region, Word{1} << 47, 0};
    return all[byte % 4];
}

// What the byte means; where the step is repeated, `repetition` counts from 0.
constexpr Word word_of(Kind kind, unsigned byte, unsigned repetition, const Ground& ground) {
    switch (kind) {
        case Kind::slot: return slot_word(byte, ground);
        case Kind::place: return slot_word(byte, ground) + repetition;
        case Kind::address: return address_word(byte, ground) + repetition * page_size;
        case Kind::rights: return rights_word(byte);
        case Kind::frame: return frame_word(byte, ground);
        case Kind::number: return number_word(byte);
        case Kind::instant: return instant_word(byte, ground);
        case Kind::span: return span_word(byte);
        case Kind::value: return value_word(byte);
        case Kind::position: return position_word(byte);
        case Kind::entry: return entry_word(byte, ground);
        case Kind::page: return address_word(byte, ground);
        case Kind::block: return block_word(byte) + repetition;
        case Kind::amount: return number_word(byte);
        case Kind::request: return byte % 8;  // twice as many as there are
        case Kind::function:
            return (byte + repetition) % static_cast<unsigned>(Function::count);
        default: return byte;
    }
}

}  // namespace scenarios::sequence
