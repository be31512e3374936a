// Idioms: steps that make sense only together, with arguments that fit, for mutation to put in.
#pragma once

#include <span>

#include "scenarios/programs/sequence_words.hpp"

namespace tests::fuzz {

// Slots that the runtime does not use.
inline constexpr unsigned first_place = 96;
inline constexpr unsigned places = 8;

namespace idioms {

using namespace scenarios::sequence;
using enum Call;
constexpr unsigned of(Call call) { return operation_of(call); }

// Calls that make sense only together, with arguments that fit. Slot 0 of a table is the
// environment itself, 1 its account, 3 the cycle. Two actors may have a part in it.
struct Line {
    bool by_other;
    unsigned operation;
    std::uint8_t argument[arguments_max];
};
constexpr std::uint8_t p = first_place;  // and places behind it
constexpr std::uint8_t partner = slot_wild_first;  // stands for the other actor's slot
constexpr std::uint8_t partner_account = slot_wild_first + 1;  // and for that of its account
constexpr std::uint8_t later = 120;                // as a span: 8.7 us
constexpr Line of_all[][5] = {
    {{false, of(frame_allocate), {1, p, 0}}, {false, of(map), {0, p, 0, 3}},
     {false, write_memory, {0, 1}}, {false, of(protect), {0, p, 1}}, {false, of(unmap), {0, p, 0}}},
    {{false, of(frame_allocate), {1, p, 0}}, {false, of(account_create), {1, p, 20, 2}},
     {false, of(frame_allocate), {p, p + 1, 0}}, {false, of(account_revoke), {p, 1, 0}},
     {false, of(cap_delete), {0, p}}},
    {{false, of(account_create), {1, p + 3, 20, 0}},
     {false, of(env_create), {p + 3, p, p + 1, p + 2}}, {false, of(cap_grant), {p, p + 4, 8, 255}},
     {false, of(env_start), {p, 0, 0, 0}}, {false, of(env_destroy), {p}}},
    {{false, of(frame_allocate), {1, p, 0}}, {false, of(cap_derive), {p, p + 1, 255}},
     {false, of(cap_derive), {p + 1, p + 2, 11}}, {false, of(map), {0, p + 2, 0, 3}},
     {false, of(cap_revoke), {p}}},
    {{false, write_page, {1, 0, 3}}, {false, of(slice_allocate), {3, p, 200}},
     {false, of(slice_bind), {p, 0}}, {false, of(compute), {later}},
     {false, of(cap_delete), {0, p}}},
    {{false, of(frame_allocate), {1, p, 0}}, {false, of(cap_lend), {partner, p, p, 11, p + 1}},
     {true, of(map), {0, p, 0, 3}}, {true, of(park), {later}}, {false, of(cap_revoke), {p}}},
    {{false, of(frame_allocate), {1, p, 0}}, {false, of(cap_lend), {partner, p, p, 11, p + 1}},
     {true, of(park), {later}}, {true, of(cap_delete), {0, p}}, {false, of(cap_delete), {0, p}}},
    {{true, of(transfer_wait), {later, 1, 2, 3, 4, 5}},
     {false, of(park), {later}}, {false, of(transfer_call), {partner, 1, 2, 3, 4, 5}},
     {true, of(transfer_wait), {later, 6, 7, 8, 9, 10}}, {false, of(wake), {partner}}},
    {{false, of(frame_allocate), {1, p, 0}}, {false, of(table_install), {0, p, 64, 1}},
     {false, of(entry_store), {0, 64, 5}}, {false, of(table_age), {0, 0, 8, 3}},
     {false, read_memory, {64}}},
    {{true, of(account_create), {1, p, 30, 4}}, {true, of(frame_allocate), {p, p + 1, 0}},
     {true, of(account_create), {p, p + 1, 9, 2}}, {true, of(frame_allocate), {p + 1, p + 2, 0}},
     {false, of(env_destroy), {partner}}},
    {{true, of(frame_allocate), {1, p, 0}}, {true, of(account_create), {1, p, 30, 4}},
     {true, of(frame_allocate), {p, p + 1, 0}}, {true, of(account_create), {p, p + 1, 9, 2}},
     {true, of(frame_allocate), {p + 1, p + 2, 0}}},
    {{false, write_page, {2, 0, 1}}, {false, of(cycle_shape), {3, 2, later, 80}},
     {false, of(slice_allocate), {3, p, 200}}, {false, of(slice_bind), {p, partner}},
     {true, of(compute), {150}}},
    {{true, of(compute), {later}}, {false, of(yield), {partner}},
     {false, of(cycle_idle), {3, partner}}, {true, of(compute), {150}}, {false, of(yield), {0}}},
    {{true, of(frame_allocate), {1, p, 0}}, {false, of(account_limit), {partner_account, 140, 8}},
     {false, of(account_revoke), {partner_account, 8, later}}, {false, of(park), {140}},
     {false, of(account_revoke), {partner_account, 60, 0}}},
};

// ---- with a disk. What an actor has ready is its ring and three buffers; slot 4 has the disk. The
// first of them makes an extent in place p; the second a tree in p + 3, with the ring on its disk.
constexpr std::uint8_t disk = 4;
constexpr std::uint8_t any = 160;  // as a block: any_block
constexpr std::uint8_t ring = slot_disk_first;
constexpr std::uint8_t buffer_1 = slot_disk_first + 1;
constexpr std::uint8_t buffer_2 = slot_disk_first + 2;
constexpr std::uint8_t root = slot_disk_first + 3;            // a buffer for the root's contents
constexpr std::uint8_t page_1 = address_disk_first + 1;
constexpr std::uint8_t page_2 = address_disk_first + 2;
constexpr std::uint8_t page_root = address_disk_first + 3;
constexpr std::uint8_t read = 0, written = 1, flush = 2, durable = 3;  // requests
constexpr std::uint8_t tree = p + 3;

constexpr Line extent_in_use[] = {
    {false, of(extent_allocate), {disk, p, any, 8, 1, 0}}, {false, of(disk_ring), {0, p, ring}},
    {false, put_request, {written, p, 0, 1, buffer_1}}, {false, put_request, {flush, p, 0, 0}},
    {false, put_request, {read, p, 1, 3, buffer_2}}, {false, of(disk_submit), {p, 3}},
    {false, await_answers, {3, 140}}};
constexpr Line tree_made[] = {
    {false, of(extent_allocate), {disk, p, any, 8, 1, 0}}, {false, of(disk_ring), {0, p, ring}},
    {false, write_header, {page_1, 8, 0, 2}}, {false, put_request, {durable, p, 0, 1, buffer_1}},
    {false, of(disk_submit), {p, 1}}, {false, await_answers, {5, 140}},
    {false, load_function, {p + 1, 0, 15}}, {false, load_function, {p + 2, 1, 15}},
    {false, take_row, {tree, 5}}, {false, of(tree_open), {p, tree, 5, p + 1}},
    {false, of(tree_scan), {tree}}};
constexpr Line tree_grown[] = {
    {false, of(tree_allocate), {tree, 2, 0}}, {false, put_request, {durable, tree, 2, 1, buffer_2}},
    {false, of(disk_submit), {tree, 1}}, {false, await_answers, {5, 140}},
    {false, write_entry, {page_root, 0, 2, 0}}, {false, put_request, {durable, tree, 1, 1, root}},
    {false, of(disk_submit), {tree, 1}}, {false, await_answers, {5, 140}},
    {false, of(tree_node), {tree, p + 4, 2, 255}}, {false, of(tree_look), {tree, 2}}};
constexpr Line subtree_grown[] = {
    {false, of(tree_allocate), {tree, 3, 1}}, {false, of(tree_allocate), {tree, 4, 0}},
    {false, put_request, {durable, tree, 4, 1, buffer_1}}, {false, of(disk_submit), {tree, 1}},
    {false, await_answers, {5, 140}}, {false, write_entry, {page_2, 0, 4, 0}},
    {false, put_request, {written, tree, 3, 1, buffer_2}}, {false, put_request, {flush, tree}},
    {false, of(disk_submit), {tree, 2}}, {false, await_answers, {5, 140}},
    {false, write_entry, {page_root, 1, 3, 1}}, {false, put_request, {durable, tree, 1, 1, root}},
    {false, of(disk_submit), {tree, 1}}, {false, await_answers, {5, 140}}};
constexpr Line block_given_up[] = {
    {false, write_entry, {page_root, 0, 0, 0}}, {false, write_entry, {page_root, 1, 0, 0}},
    {false, put_request, {written, tree, 1, 1, root}}, {false, of(disk_submit), {tree, 1}},
    {false, await_answers, {5, 140}}, {false, of(tree_allocate), {tree, any, 0}},
    {false, of(tree_release), {tree, 5}}};
// From the root to block 3 without leaving the root first: refused.
constexpr Line block_moved[] = {
    {false, write_entry, {page_2, 1, 2, 0}}, {false, put_request, {durable, tree, 3, 1, buffer_2}},
    {false, write_entry, {page_root, 0, 0, 0}}, {false, put_request, {durable, tree, 1, 1, root}},
    {false, of(disk_submit), {tree, 2}}, {false, await_answers, {5, 140}}};
constexpr Line tree_reopened[] = {
    {false, of(cap_revoke), {tree}}, {false, of(cap_delete), {0, tree}},
    {false, of(extent_open), {disk, p, 1, 0}}, {false, take_row, {tree, 5}},
    {false, of(tree_open), {p, tree, 5, p + 1}}, {false, of(tree_scan), {tree}}};
constexpr Line tree_shared[] = {
    {false, of(cap_grant), {partner, tree, tree, 255}}, {true, of(disk_ring), {0, tree, ring}},
    {true, of(tree_allocate), {tree, any, 0}}, {true, put_request, {written, tree, 2, 1, buffer_1}},
    {true, of(disk_submit), {tree, 1}}, {true, await_answers, {2, 140}},
    {false, of(cap_revoke), {tree}}};
constexpr Line extent_shared[] = {
    {false, of(extent_allocate), {disk, p, any, 8, 2, 0}},
    {false, of(cap_grant), {partner, p, p, 255}}, {true, of(disk_ring), {0, p, ring}},
    {true, put_request, {read, p, 0, 2, buffer_1, 1}}, {true, of(disk_submit), {p, 1}},
    {false, of(disk_share), {disk, partner, 3}}, {false, of(cap_revoke), {p}}};
constexpr Line extent_freed[] = {
    {false, of(extent_part), {p, p + 5, 1, 2, 7}}, {false, of(extent_range), {p + 5}},
    {false, of(extent_free), {p}}, {false, of(cap_delete), {0, p + 5}},
    {false, of(extent_free), {p}}};
constexpr Line block_cached[] = {
    {false, of(registry_enter), {p, 1, buffer_1}}, {false, of(cap_grant), {partner, p, p, 255}},
    {true, of(registry_find), {p, 1, p + 6}}, {true, of(map), {0, p + 6, 0, 1}},
    {false, of(cap_revoke), {buffer_1}}};
constexpr Line node_cached[] = {
    {false, of(registry_enter), {tree, 1, root}}, {false, of(registry_find), {tree, 1, p + 6}},
    {false, of(cap_delete), {0, root}}, {false, of(registry_find), {tree, 1, p + 7}}};
constexpr Line ended_under_way[] = {
    {true, put_request, {written, p, 0, 8, buffer_1}}, {true, of(disk_submit), {p, 1}},
    {false, of(env_destroy), {partner}}, {false, await_answers, {2, 140}}};

constexpr std::span<const Line> of_disks[] = {
    extent_in_use, tree_made,     tree_made,    tree_grown,   subtree_grown, block_given_up,
    block_moved,   tree_reopened, tree_shared,   extent_shared, extent_freed, block_cached,
    node_cached,   ended_under_way};

}  // namespace idioms
}  // namespace tests::fuzz
