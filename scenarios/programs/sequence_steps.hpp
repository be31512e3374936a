// Steps: a sequence of kernel calls as bytes, of which every string is a valid one.
//
// Why every string: what searches for bugs changes bytes without knowing what they mean, and none
// of its work must be lost on strings that nobody carries out. A step has a fixed size, so that
// steps can be put in, taken out and moved without touching others.
//
//   | plan: 8 bytes | step: 8 bytes | step | ...      (the last one may be short: zeros follow)
//
//   step   byte 0  | times:2 | - | once:1 | upcall:1 | yields:1 | actor:2 |
//          byte 1  operation: one of Operation, modulo how many the plan has
//          2 .. 7  arguments, one byte each; what a byte means its kind says (sequence_words.hpp)
//   plan   byte 0  | - | bare:1 | guarantee:1 | trusted:1 | children:2 | cores:1 |
//          byte 1  length of a slice; 2: how often checkers look
//          byte 3  | - | disk's model:2 | disk:1 |; the others are nothing
//
// Operations of disks come behind all others, and only a plan with a disk has them, so that what a
// sequence without one means stays as it is.
//
// Actors: 0 is core 0's root environment. With two cores 1 is core 1's, 2 and 3 are their children;
// with one core 1 to 3 are children of 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kernel/abi/call.hpp"

namespace scenarios::sequence {

using kernel::abi::Call;

inline constexpr std::size_t step_bytes = 8;
inline constexpr std::size_t steps_max = 96;  // what follows is not looked at
inline constexpr unsigned actors_max = 4;
inline constexpr unsigned arguments_max = 6;

// Calls whose operation is their number; those of disks follow from disk_call on.
inline constexpr unsigned call_count = static_cast<unsigned>(Call::extent_allocate);
inline constexpr unsigned disk_call_count = static_cast<unsigned>(Call::call_count) - call_count;

// What a step can be besides a call.
enum Operation : unsigned {
    no_such_call = call_count,
    read_memory,   // of any address in the window, or of one that no environment can have
    write_memory,  // the same, not of code; one byte
    illegal,       // an illegal instruction
    spawn,         // another child, as the libOS makes one
    write_page,    // writes a field of its upcall page
    interfere,     // asks whoever looks on to interfere here: machines without do nothing
    operations_without_disk,
    disk_call = operations_without_disk,
    put_request = disk_call + disk_call_count,  // into the own ring's page; disk_submit tells of it
    await_answers,  // looks for them, and sleeps a few times while some are missing
    load_function,  // one of the stock ownership functions, downloaded and verified
    take_row,       // frames that follow one another by name
    write_header,   // of a tree, into a page; its types have the stock functions
    write_entry,    // of metadata, into a page: a block that it owns, and its type
    operation_count,
};

// The operation that makes a call, and the call that an operation makes.
constexpr unsigned operation_of(Call call) {
    const auto number = static_cast<unsigned>(call);
    return number < call_count ? number : disk_call + number - call_count;
}
constexpr bool makes_call(unsigned operation) {
    return operation < call_count || (operation >= disk_call && operation < put_request);
}
constexpr Call call_of(unsigned operation) {
    return static_cast<Call>(operation < call_count ? operation
                                                    : operation - disk_call + call_count);
}

// The disk of a plan that has one is blank. Two ends of it are as near as bytes can say.
inline constexpr std::uint32_t disk_blocks = 128;
enum class DiskModel : unsigned { quick, ideal, nvme, one_channel, count };

// What an actor has ready for a disk, in pages and in slots: a ring and buffers, each mapped.
inline constexpr unsigned disk_pages_max = 4;

// Stock ownership functions (scenarios/programs/sequence_disk.hpp).
enum class Function : unsigned { entries, pointers, runs, never, endless, count };

// Of write_page's first argument, modulo their number; from page_field_resume on: resume_begin and
// resume_end.
inline constexpr unsigned page_fields = 9;
inline constexpr unsigned page_field_resume = 7;

// Of interfere's first argument, modulo their number.
enum class Interference : unsigned { stall, kill, allocation, message, timer, interrupt, count };

// What a step's argument means.
enum class Kind : std::uint8_t {
    none,
    slot,
    place,     // a slot for something new: the next one in each repetition
    address,   // the next page in each repetition
    rights,
    frame,     // a frame's physical name
    number,
    instant,
    span,      // nanoseconds
    value,     // any word
    position,  // of a cycle
    entry,     // an address of code
    field,     // of the upcall page
    byte,
    page,      // an address, the same in each repetition
    block,     // of a disk, an extent or a tree; the next one in each repetition
    amount,    // of blocks, frames or types
    request,   // what a disk is asked to do
    function,  // a stock ownership function; the next one in each repetition
};

struct Shape {
    Kind kind[arguments_max];
};

namespace shapes {
using enum Kind;
inline constexpr Shape all[operation_count] = {
    {},                                             // null
    {slot, place, rights},                          // cap_derive
    {slot, slot, place, rights},                    // cap_grant
    {slot, place},                                  // cap_delete
    {slot},                                         // cap_revoke
    {slot, slot},                                   // cap_identify
    {slot, place, frame},                           // frame_allocate
    {slot, place, number},                          // frame_guarantee
    {slot, place, address, rights},                 // map
    {slot, place, value},                           // unmap
    {slot, place, rights},                          // protect
    {slot, address, value},                         // entry_store
    {slot, place, address, number},                 // table_install
    {slot, address, number, number},                // table_age
    {slot, place, number, number},                  // account_create
    {slot, number, number},                         // account_limit
    {slot, number, instant},                        // account_revoke
    {slot, place, slot, slot},                      // env_create
    {slot, place},                                  // env_extend
    {slot, entry, address, address},                // env_start
    {slot, slot},                                   // env_vector
    {slot},                                         // env_destroy
    {number},                                       // env_exit
    {slot},                                         // yield
    {instant},                                      // park
    {slot},                                         // wake
    {slot, value, value, value, value, value},      // transfer_call
    {instant, value, value, value, value, value},   // transfer_wait
    {span},                                         // compute
    {},                                             // now
    {slot, place, position},                        // slice_allocate
    {slot, slot},                                   // slice_bind
    {slot, number, span, span},                     // cycle_shape
    {slot, slot},                                   // cycle_idle
    {slot, number, address, number},                // console_write
    {slot, slot, place, rights, slot},              // cap_lend
    {place, number, address, number, number},       // code_load
    {slot},                                         // code_verify
    {slot, instant, slot, slot},                    // park_until
    {number, value, value, value, value, value},    // no_such_call
    {address},                                      // read_memory
    {address, byte},                                // write_memory
    {},                                             // illegal
    {number},                                       // spawn
    {field, address, byte},                         // write_page
    {byte, byte, span},                             // interfere
    {slot, place, block, amount, number, number},   // extent_allocate
    {slot, place, number, number},                  // extent_open
    {slot, place, block, amount, rights},           // extent_part
    {slot},                                         // extent_range
    {slot},                                         // extent_free
    {slot, slot, slot},                             // disk_ring
    {slot, amount},                                 // disk_submit
    {slot, slot, number},                           // disk_share
    {slot, slot, amount, slot},                     // tree_open
    {slot},                                         // tree_scan
    {slot, block, number},                          // tree_allocate
    {slot, block},                                  // tree_release
    {slot, place, block, rights},                   // tree_node
    {slot, block},                                  // tree_look
    {slot, block, slot},                            // registry_enter
    {slot, block, place},                           // registry_find
    {request, slot, block, amount, slot, byte},     // put_request
    {number, span},                                 // await_answers
    {place, function, amount},                      // load_function
    {place, amount},                                // take_row
    {page, amount, function, number},               // write_header
    {page, number, block, number},                  // write_entry
};
}  // namespace shapes

struct Step {
    unsigned actor;
    bool yields;     // gives the rest of its turn away after it
    bool in_upcall;  // carried out by the handler of the next upcall
    bool once;       // not repeated where the kernel says `again`
    unsigned times;
    unsigned operation;
    std::uint8_t argument[arguments_max];
};

struct Plan {
    unsigned cores;
    unsigned children;  // bit i: actor i+1 (one core), actor i+2 (two cores) is started at first
    bool trusted;       // children have all rights to their accounts, and to one another
    bool guarantee;     // and frames that are guaranteed
    bool bare;          // no leaf table is installed for the actors
    std::uint64_t slice_ns;
    std::uint64_t check_every;  // events between two looks of the checkers
    bool disk;                  // the machine has a disk
    DiskModel disk_model;
};

// The byte at `index` of the string, zero behind its end.
template <class Bytes>
constexpr unsigned byte_at(const Bytes& bytes, std::size_t index) {
    return index < bytes.size() ? static_cast<unsigned>(bytes[index]) & 0xff : 0;
}

template <class Bytes>
constexpr Plan plan_of(const Bytes& bytes) {
    constexpr std::uint64_t slices_ns[] = {100'000, 20'000, 5'000, 1'000'000};
    constexpr std::uint64_t looks[] = {3, 7, 17, 1};
    const unsigned first = byte_at(bytes, 0);
    const unsigned disk = byte_at(bytes, 3);
    return {.cores = 1 + first % 2,
            .children = first >> 1 & 3,
            .trusted = (first >> 3 & 1) != 0,
            .guarantee = (first >> 4 & 1) != 0,
            .bare = (first >> 5 & 1) != 0,
            .slice_ns = slices_ns[byte_at(bytes, 1) % 4],
            .check_every = looks[byte_at(bytes, 2) % 4],
            .disk = disk % 2 != 0,
            .disk_model = static_cast<DiskModel>(disk >> 1 & 3)};
}

constexpr unsigned operations_of(const Plan& plan) {
    return plan.disk ? operation_count : operations_without_disk;
}

// How many steps the string has.
template <class Bytes>
constexpr std::size_t count_of(const Bytes& bytes) {
    const std::size_t all = (bytes.size() + step_bytes - 1) / step_bytes;
    if (all <= 1) return 0;
    return all - 1 < steps_max ? all - 1 : steps_max;
}

template <class Bytes>
constexpr Step step_of(const Bytes& bytes, std::size_t index) {
    constexpr unsigned times[] = {1, 2, 8, 40};
    const std::size_t at = (index + 1) * step_bytes;
    const unsigned first = byte_at(bytes, at);
    Step step{.actor = first % actors_max,
              .yields = (first >> 2 & 1) != 0,
              .in_upcall = (first >> 3 & 1) != 0,
              .once = (first >> 4 & 1) != 0,
              .times = times[first >> 6],
              .operation = byte_at(bytes, at + 1) % operations_of(plan_of(bytes)),
              .argument = {}};
    for (unsigned i = 0; i < arguments_max; ++i) {
        step.argument[i] = static_cast<std::uint8_t>(byte_at(bytes, at + 2 + i));
    }
    return step;
}

// What actors say to whoever looks on: a cap_identify of a slot that cannot be. The number of a
// step `interfere` is added to `mark`; mark_ready: the actor's preparations are over.
inline constexpr std::uint64_t mark = std::uint64_t{1} << 40;
inline constexpr std::uint64_t mark_ready = mark + steps_max;

}  // namespace scenarios::sequence
