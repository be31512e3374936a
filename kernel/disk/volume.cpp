#include "kernel/disk/volume.hpp"

#include <new>

#include "kernel/disk/extent_table.hpp"

namespace kernel::disk {

namespace {

using abi::DiskState;
using abi::ExtentTable;

static_assert(drivers::disk_driver_frames + abi::extent_table_pages <= machine::disk_frames_each);

// `count` blocks from `block` on, to or from the frames at `first`.
Status transfer(Disk& disk, drivers::Op op, std::uint32_t block, FrameNumber first,
                std::uint32_t count) {
    drivers::Request request{};
    request.op = op;
    request.block = block;
    request.count = count;
    for (std::uint32_t i = 0; i < count; ++i) {
        request.pages[i] = abi::address_of(FrameNumber{first.value + i});
    }
    return perform(disk, request);
}

FrameNumber table_frame(const Disk& disk) { return FrameNumber{disk.object.value + 1}; }

// Is there nothing at all in the kernel's blocks? `scratch`: frames to read them into.
Result<bool> blank(System& system, Disk& disk, FrameNumber scratch) {
    constexpr std::uint32_t step = abi::extent_table_pages;
    for (std::uint32_t block = 0; block < abi::disk_first_block; block += step) {
        if (transfer(disk, drivers::Op::read, block, scratch, step) != Status::ok) {
            return base::error(Status::io_error);
        }
        const std::byte* bytes = system.memory.view(abi::address_of(scratch));
        if (!zero({bytes, step * abi::page_size})) return false;
    }
    return true;
}

// All of the disk is one extent, which is nobody's yet.
void make_raw(ExtentTable& table, std::uint32_t blocks) {
    table = ExtentTable{};
    table.blocks = blocks;
    table.count = 1;
    table.records[0].name = abi::raw_extent;
    table.records[0].count = blocks;
}

// What was counted when it was written is over.
void forget_counts(ExtentTable& table) {
    for (std::uint32_t i = 0; i < table.count; ++i) {
        table.records[i].caps = 0;
        table.records[i].tree = FrameNumber{0};
    }
}

Result<DiskState> read_tables(System& system, Disk& disk, std::uint32_t blocks,
                              FrameNumber scratch) {
    ExtentTable& table = extents_of(system, disk.object);
    const auto& other = system.memory.object<ExtentTable>(scratch);
    for (std::uint32_t copy = 0; copy < table_copies; ++copy) {
        const FrameNumber to = copy == 0 ? table_frame(disk) : scratch;
        const Status status = transfer(disk, drivers::Op::read, copy_block(copy), to,
                                       abi::extent_table_pages);
        if (status != Status::ok) return base::error(status);
    }
    const bool first = sound(table, blocks);
    const bool second = sound(other, blocks);
    const bool claimed = claims(table) || claims(other);
    if (!first && !second) {
        const bool empty = TRY(blank(system, disk, scratch));
        if (empty || claimed) {
            clear(table, blocks);
            return empty ? DiskState::ready : DiskState::damaged;
        }
        make_raw(table, blocks);
        return DiskState::raw;
    }
    if (!first || (second && other.sequence > table.sequence)) {
        __builtin_memcpy(&table, &other, sizeof table);
        disk.newest = 1;
    }
    forget_counts(table);
    return DiskState::ready;
}

DiskState look(System& system, Disk& disk, std::uint32_t blocks, FrameNumber scratch) {
    if (blocks == 0) return DiskState::dead;
    if (blocks < blocks_min) {
        make_raw(extents_of(system, disk.object), blocks);
        return DiskState::raw;
    }
    const auto found = read_tables(system, disk, blocks, scratch);
    if (found.has_value()) return *found;
    clear(extents_of(system, disk.object), blocks);
    return DiskState::dead;
}

// One request of the kernel's own, in the caller's time.
Status carry_out(System& system, Disk& disk, drivers::Op op, std::uint32_t copy) {
    const bool flush = op == drivers::Op::flush;
    const Instant now = system.core.now();
    const std::uint32_t count = flush ? 0 : abi::extent_table_pages;
    const Instant done = disk.service.start(now, flush ? DiskOp::flush : DiskOp::write,
                                            flush ? 0 : copy_block(copy), count);
    system.core.charge(abi::Nanoseconds{done.value - now.value});
    return transfer(disk, op, flush ? 0 : copy_block(copy), table_frame(disk), count);
}

}  // namespace

void attach(System& system, std::uint32_t device, FrameNumber object, FrameNumber memory,
            const abi::ServiceProfile& profile) {
    system.disks[device] = object;
    Disk& disk = *new (&disk_of(system, object)) Disk{};
    disk.object = object;
    DiskInfo& info = info_of(system, object);
    info.state = DiskState::dead;
    const auto probed = disk.device.probe(system.core, device, memory);
    if (!probed.has_value()) return;
    info.blocks = base::min(probed->blocks, abi::any_block - 1);
    disk.service = Service{profile, info.blocks};
    const FrameNumber scratch{memory.value + drivers::disk_driver_frames};
    info.state = look(system, disk, info.blocks, scratch);
}

Status read_block(System& system, Disk& disk, std::uint32_t block, FrameNumber into) {
    const Instant now = system.core.now();
    const Instant done = disk.service.start(now, DiskOp::read, block, 1);
    system.core.charge(abi::Nanoseconds{done.value - now.value});
    return transfer(disk, drivers::Op::read, block, into, 1);
}

void detach(System& system) {
    for (const FrameNumber object : system.disks) {
        if (object.value != 0) disk_of(system, object).device.stop();
    }
}

Result<void> check_ready(System& system, FrameNumber object) {
    const DiskState state = info_of(system, object).state;
    if (state == DiskState::dead) return base::error(Status::io_error);
    if (state != DiskState::ready) return base::error(Status::bad_state);
    return {};
}

Result<void> write_table(System& system, FrameNumber object) {
    Disk& disk = disk_of(system, object);
    ExtentTable& table = extents_of(system, object);
    table.sequence++;
    seal(table);
    for (std::uint32_t i = 0; i < table_copies; ++i) {
        const std::uint32_t copy = disk.newest ^ 1;
        Status status = carry_out(system, disk, drivers::Op::write, copy);
        if (status == Status::ok) status = carry_out(system, disk, drivers::Op::flush, copy);
        if (status != Status::ok) {
            info_of(system, object).state = DiskState::dead;
            return base::error(status);
        }
        disk.newest = copy;
    }
    info_of(system, object).table_writes++;
    return {};
}

}  // namespace kernel::disk
