// Calls on disks: extents, rings, shares.
#include "kernel/disk/extent_table.hpp"
#include "kernel/disk/reach.hpp"
#include "kernel/disk/requests.hpp"
#include "kernel/disk/volume.hpp"
#include "kernel/env/extents.hpp"
#include "kernel/syscall/call.hpp"

namespace kernel::syscall {

namespace {

using abi::ExtentRecord;
using abi::ExtentTable;

abi::ExtentName name_of(const Arguments& arguments, unsigned first) {
    return {arguments.word(first), arguments.word(first + 1)};
}

void insert_extent(System& system, CapRef to, Rights rights, CapRef from, std::uint32_t first,
                   std::uint32_t count) {
    system.forest.insert(to, CapType::extent, rights, system.forest.at(from).object, from);
    env::name_extent(system, to, first, count);
    system.memory.charge(system.memory.costs().capability);
}

Result<CapRef> find_disk(System& system, const Env& caller, Slot slot, Rights rights) {
    return env::find(system, caller, slot, CapType::disk, rights);
}

Result<CapRef> find_extent(System& system, const Env& caller, Slot slot, Rights rights) {
    return env::find(system, caller, slot, CapType::extent, rights);
}

// The frame to be a ring. Errors: as find, other_core.
Result<FrameNumber> ring_frame(System& system, const Env& target, Slot slot) {
    const CapRef ref = TRY(env::find(system, target, slot, CapType::frame, Rights::write));
    const FrameNumber frame = system.forest.at(ref).object;
    if (system.elsewhere(frame)) return base::error(Status::other_core);
    return frame;
}

}  // namespace

Value extent_allocate(System& system, Env& caller, const Arguments& arguments) {
    const CapRef from = TRY(find_disk(system, caller, arguments.slot(0), Rights::allocate));
    const CapRef to = TRY(env::find_empty(system, caller, arguments.slot(1)));
    const FrameNumber object = system.forest.at(from).object;
    TRY(disk::check_ready(system, object));
    ExtentTable& table = disk::extents_of(system, object);
    ExtentRecord* const record = TRY(disk::insert(table, arguments.word(2), arguments.word(3),
                                                  name_of(arguments, 4)));
    const auto written = disk::write_table(system, object);
    if (!written.has_value()) {
        disk::remove(table, *record);
        return base::error(written.error());
    }
    insert_extent(system, to, Rights::all, from, record->first, record->count);
    return record->first;
}

Value extent_open(System& system, Env& caller, const Arguments& arguments) {
    const CapRef from = TRY(find_disk(system, caller, arguments.slot(0), Rights::allocate));
    const CapRef to = TRY(env::find_empty(system, caller, arguments.slot(1)));
    const FrameNumber object = system.forest.at(from).object;
    if (disk::info_of(system, object).state != abi::DiskState::raw) {
        TRY(disk::check_ready(system, object));
    }
    const ExtentRecord* const record =
        disk::find(disk::extents_of(system, object), name_of(arguments, 2));
    if (record == nullptr) return base::error(Status::no_such_extent);
    if (record->tree.value != 0) return base::error(Status::busy);
    insert_extent(system, to, Rights::all, from, record->first, record->count);
    return record->first | std::uint64_t{record->count} << 32;
}

Value extent_part(System& system, Env& caller, const Arguments& arguments) {
    const CapRef from = TRY(find_extent(system, caller, arguments.slot(0), Rights::grant));
    const CapRef to = TRY(env::find_empty(system, caller, arguments.slot(1)));
    const Capability& extent = system.forest.at(from);
    const std::uint64_t first = arguments.word(2);
    const std::uint64_t count = arguments.word(3);
    const std::uint32_t whole = cap::extent_count(extent);
    if (first >= whole || count == 0 || count > whole - first) {
        return base::error(Status::bad_argument);
    }
    const Rights rights = TRY(fewer(extent, arguments.word(4)));
    insert_extent(system, to, rights, from,
                  cap::extent_first(extent) + static_cast<std::uint32_t>(first),
                  static_cast<std::uint32_t>(count));
    return 0;
}

Value extent_range(System& system, Env& caller, const Arguments& arguments) {
    const CapRef ref = TRY(find_extent(system, caller, arguments.slot(0), Rights::none));
    const Capability& extent = system.forest.at(ref);
    return cap::extent_first(extent) | std::uint64_t{cap::extent_count(extent)} << 32;
}

Value extent_free(System& system, Env& caller, const Arguments& arguments) {
    const CapRef ref = TRY(find_extent(system, caller, arguments.slot(0), Rights::manage));
    const Capability& extent = system.forest.at(ref);
    const FrameNumber object = extent.object;
    TRY(disk::check_ready(system, object));
    ExtentTable& table = disk::extents_of(system, object);
    ExtentRecord* const record = abi::record_of(table, cap::extent_first(extent));
    CHITIN_ASSERT(record != nullptr);
    if (record->first != cap::extent_first(extent) || record->count != cap::extent_count(extent)) {
        return base::error(Status::bad_argument);
    }
    if (record->caps != 1) return base::error(Status::busy);
    const ExtentRecord freed = *record;
    disk::remove(table, *record);
    const auto written = disk::write_table(system, object);
    if (!written.has_value()) {
        (*disk::insert(table, freed.first, freed.count, freed.name))->caps = freed.caps;
        return base::error(written.error());
    }
    std::uint32_t steps = env::steps_per_call;
    const bool gone = env::erase(system, ref, steps);
    CHITIN_ASSERT(gone);
    return 0;
}

Value disk_ring(System& system, Env& caller, const Arguments& arguments) {
    Env* const target = TRY(find_env(system, caller, arguments.slot(0)));
    const CapRef blocks =
        TRY(disk::find_blocks(system, caller, arguments.slot(1), Rights::none));
    const FrameNumber object = disk::disk_of_blocks(system, blocks);
    const bool none = arguments.word(2) > 0xffff'ffff;
    const FrameNumber frame =
        none ? FrameNumber{0} : TRY(ring_frame(system, *target, arguments.slot(2)));
    const disk::Queue* const queue = disk::queue_of(system, object, *target);
    if (queue != nullptr && queue->unanswered() != 0) return base::error(Status::busy);
    disk::make_ring(system, object, *target, arguments.slot(2), frame);
    return 0;
}

Value disk_submit(System& system, Env& caller, const Arguments& arguments) {
    const CapRef blocks =
        TRY(disk::find_blocks(system, caller, arguments.slot(0), Rights::none));
    const FrameNumber object = disk::disk_of_blocks(system, blocks);
    disk::Queue* const queue = disk::queue_of(system, object, caller);
    if (queue == nullptr) return base::error(Status::bad_state);
    const std::uint64_t count = arguments.word(1);
    if (count == 0 || count > abi::disk_requests_max - queue->unanswered()) {
        return base::error(Status::bad_argument);
    }
    const auto requests = static_cast<std::uint32_t>(count);
    disk::submit(system, object, *queue, requests);
    system.memory.charge(requests * system.memory.costs().capability);
    return queue->unanswered();
}

Value disk_share(System& system, Env& caller, const Arguments& arguments) {
    const CapRef ref = TRY(find_disk(system, caller, arguments.slot(0), Rights::manage));
    const Env* const target = TRY(find_env(system, caller, arguments.slot(1)));
    const std::uint64_t weight = arguments.word(2);
    if (weight == 0 || weight > abi::disk_weight_max) return base::error(Status::bad_argument);
    const FrameNumber object = system.forest.at(ref).object;
    if (disk::queue_of(system, object, *target) == nullptr) return base::error(Status::bad_state);
    disk::info_of(system, object).uses[target->id.value].weight =
        static_cast<std::uint32_t>(weight);
    return 0;
}

}  // namespace kernel::syscall
