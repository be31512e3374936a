// Boot: from an empty pool to the first environment, and back to an empty pool.
#include <cstring>

#include "kernel/abi/start.hpp"
#include "kernel/cpu/loop.hpp"
#include "kernel/disk/volume.hpp"
#include "kernel/entry.hpp"
#include "kernel/env/creation.hpp"
#include "kernel/env/destruction.hpp"
#include "kernel/env/holdings.hpp"
#include "kernel/env/remote.hpp"
#include "kernel/env/running.hpp"

namespace kernel {

namespace {

using abi::CapRef;
using abi::CapType;
using abi::FrameNumber;
using abi::Rights;
using abi::Slot;
using env::Env;
using env::System;
using machine::BootInfo;
using x86::PageTableEntry;

constexpr std::uint32_t env_info_frames =
    abi::environments_max * sizeof(abi::EnvInfo) / abi::page_size;
constexpr std::uint32_t root_table_frames = 4;
constexpr std::uint64_t leaf_span = std::uint64_t{2} << 20;
constexpr std::uint64_t info_flags =
    PageTableEntry::user | PageTableEntry::accessed | PageTableEntry::no_execute;

// The kernel's own frames, taken from the pool's start in this order.
struct Layout {
    FrameNumber system;
    FrameNumber cycle;
    FrameNumber envs;
    FrameNumber frames;
    std::uint32_t frames_count;
    FrameNumber directories;
    FrameNumber system_table;
    FrameNumber frame_tables;
    FrameNumber disks;
    FrameNumber account;
    std::uint32_t total;
};

// Disks are core 0's.
std::uint32_t disk_count(const BootInfo& boot) {
    return boot.core == 0 ? boot.cell->disk_count : 0;
}

Layout lay_out(const BootInfo& boot) {
    Layout layout{};
    std::uint32_t next = boot.pool_first.value;
    auto take = [&next](std::uint32_t count) {
        const FrameNumber first{next};
        next += count;
        return first;
    };
    constexpr std::uint64_t per_frame = abi::page_size / sizeof(abi::FrameInfo);
    layout.frames_count =
        static_cast<std::uint32_t>((boot.pool_frames + per_frame - 1) / per_frame);
    layout.system = take(1);
    layout.cycle = take(1);
    layout.envs = take(env_info_frames);
    layout.frames = take(layout.frames_count);
    layout.directories = take(3);
    layout.system_table = take(1);
    layout.frame_tables = take((layout.frames_count + x86::entries_per_table - 1) /
                               x86::entries_per_table);
    layout.disks = take(disk_count(boot) * disk::object_frames);
    layout.account = take(1);
    layout.total = next - boot.pool_first.value;
    return layout;
}

FrameNumber disk_object(const Layout& layout, std::uint32_t disk) {
    return FrameNumber{layout.disks.value + disk * disk::object_frames};
}

template <class T>
T* at(machine::Core& core, FrameNumber frame) {
    return reinterpret_cast<T*>(core.view(abi::address_of(frame)));
}

// Shows `count` frames read-only at `offset` of the info window, in the leaf tables from
// `tables` on.
void show(machine::Core& core, FrameNumber directory, FrameNumber tables, std::uint64_t offset,
          FrameNumber first, std::uint64_t count) {
    auto* directory_entries = at<PageTableEntry>(core, directory);
    const std::uint64_t page = offset >> abi::page_shift;
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto table_index = static_cast<std::uint32_t>((page + i) / x86::entries_per_table);
        const FrameNumber table{tables.value + table_index};
        directory_entries[table_index] = PageTableEntry::make(table, info_flags);
        at<PageTableEntry>(core, table)[(page + i) % x86::entries_per_table] =
            PageTableEntry::make(FrameNumber{first.value + static_cast<std::uint32_t>(i)},
                                 info_flags);
    }
}

mem::InfoWindow build_info_window(machine::Core& core, const BootInfo& boot,
                                  const Layout& layout) {
    const auto directory = [&layout](std::uint32_t i) {
        return FrameNumber{layout.directories.value + i};
    };
    show(core, directory(0), layout.system_table, 0, layout.system, 1);
    show(core, directory(0), layout.system_table, abi::info_cycle_offset, layout.cycle, 1);
    show(core, directory(0), layout.system_table, abi::info_env_offset, layout.envs,
         env_info_frames);
    for (std::uint32_t i = 0; i < disk_count(boot); ++i) {
        show(core, directory(0), layout.system_table, abi::info_disk_offset(i),
             disk_object(layout, i), abi::info_disk_pages);
    }
    show(core, directory(1), layout.frame_tables, 0, layout.frames, layout.frames_count);
    show(core, directory(2), boot.tables_first, 0, boot.bundle_first,
         (boot.bundle_bytes + abi::page_size - 1) >> abi::page_shift);
    return {directory(0), directory(1), directory(2)};
}

const abi::EnvRecord* env_records(const BootInfo& boot, machine::Core& core) {
    const auto* blob = at<std::byte>(core, boot.bundle_first);
    const auto* header = reinterpret_cast<const abi::BundleHeader*>(blob);
    return reinterpret_cast<const abi::EnvRecord*>(blob + header->envs_offset);
}

// Which of the cell's records are a core's: they are in the order of the cores.
struct Records {
    std::uint32_t first;
    std::uint32_t count;
};

Records records_of(const BootInfo& boot, const abi::EnvRecord* records, std::uint32_t core) {
    Records found{boot.cell->first_env, 0};
    for (std::uint32_t i = 0; i < boot.cell->env_count; ++i) {
        const std::uint32_t index = boot.cell->first_env + i;
        if (records[index].core < core) found.first = index + 1;
        if (records[index].core == core) found.count++;
    }
    return found;
}

void fill_system_info(machine::Core& core, const BootInfo& boot, const Layout& layout) {
    auto& info = *at<abi::SystemInfo>(core, layout.system);
    info = abi::SystemInfo{};
    info.magic = abi::system_info_magic;
    info.version = 1;
    info.core = static_cast<std::uint16_t>(boot.core);
    info.cores = static_cast<std::uint16_t>(boot.cell->cores);
    info.window_base = boot.window_base;
    info.pool_first = boot.pool_first;
    info.pool_frames = boot.pool_frames;
    info.bundle_bytes = boot.bundle_bytes;
    info.cell = boot.cell_index;
    info.xsave = boot.xsave ? 1 : 0;
    const Records own = records_of(boot, env_records(boot, core), boot.core);
    info.first_env = own.first;
    info.env_count = own.count;
    for (const abi::ProgramInfo& program : boot.programs) {
        if (info.program_count == abi::programs_max) break;
        info.programs[info.program_count++] = program;
    }
}

// At first nobody has a position, and all time is idle time.
constexpr std::uint32_t positions_default = 16;
constexpr std::uint64_t grace_share = 8;  // of a slice
// Between the seeds of two cores: odd, so that all differ.
constexpr std::uint64_t seed_stride = 0x9e37'79b9'7f4a'7c15;

abi::CycleInfo& fill_cycle_info(machine::Core& core, const BootInfo& boot, FrameNumber frame) {
    auto& cycle = *at<abi::CycleInfo>(core, frame);
    cycle = abi::CycleInfo{};
    cycle.positions = positions_default;
    cycle.position = positions_default - 1;  // the first turn is position 0's
    cycle.slice_ns = boot.cell->slice_ns;
    cycle.grace_ns = boot.cell->slice_ns / grace_share;
    return cycle;
}

// Hands the pool to the free list, lowest name first, and opens the root account.
void fill_pool(System& system, const BootInfo& boot, const Layout& layout) {
    mem::Memory& memory = system.memory;
    for (std::uint32_t i = boot.pool_frames; i-- > layout.total;) {
        memory.push_free(FrameNumber{boot.pool_first.value + i});
    }
    for (std::uint32_t i = 0; i < layout.total; ++i) {
        memory.claim_for_kernel(FrameNumber{boot.pool_first.value + i});
    }
    mem::Account& account = memory.account(layout.account);
    account = mem::Account{};
    account.limit = boot.pool_frames - layout.total;
    account.guarantee = account.limit;
    account.depth = 1;
    system.root_account = layout.account;
    system.console = layout.system;
}

FrameNumber take(System& system) {
    const auto frame = system.memory.take(system.root_account, abi::any_frame);
    CHITIN_ASSERT(frame.has_value());
    return *frame;
}

// Allocates a frame for the root environment and names it in its next slot.
CapRef take_into(System& system, Env& root, std::uint32_t& slot) {
    const CapRef ref = *env::slot_of(root, Slot{slot++});
    system.forest.insert(ref, CapType::frame, Rights::all, take(system), cap::no_cap);
    return ref;
}

void install_tables(System& system, Env& root, abi::VirtAddr address, std::uint32_t& slot) {
    for (unsigned level = 3; level >= 1; --level) {
        const CapRef ref = take_into(system, root, slot);
        cap::Capability& capability = system.forest.at(ref);
        const auto parent = system.space(root).table_entry(address, level);
        CHITIN_ASSERT(parent.has_value());
        system.memory.retype(capability.object, abi::FrameState::table, root.self);
        capability.type = CapType::table;
        capability.rights = Rights::read | Rights::grant;
        capability.mapping =
            static_cast<std::uint32_t>(system.relative(address.value) >> abi::page_shift);
        system.space(root).install(*parent, capability.object, level, system.info_window);
    }
}

void map_stack(System& system, Env& root, abi::VirtAddr base, std::uint32_t& slot) {
    for (std::uint64_t page = 0; page < abi::stack_pages; ++page) {
        const CapRef ref = take_into(system, root, slot);
        cap::Capability& capability = system.forest.at(ref);
        const abi::VirtAddr address{base.value + page * abi::page_size};
        const auto leaf = system.space(root).leaf(address);
        CHITIN_ASSERT(leaf.has_value());
        system.space(root).map(*leaf, address, capability.object, Rights::read | Rights::write);
        capability.mapping =
            static_cast<std::uint32_t>(system.relative(address.value) >> abi::page_shift);
    }
}

// Puts the start block on top of the stack and the registers on it.
void prepare_start(System& system, Env& root, const BootInfo& boot, std::uint64_t entry,
                   std::uint32_t peers_slot, std::uint32_t first_free_slot) {
    const std::uint64_t slot_base =
        boot.window_base + abi::space_slot_first * abi::space_slot_size;
    const std::uint64_t stack_top =
        slot_base + abi::stack_offset + abi::stack_pages * abi::page_size;
    const std::uint64_t block_address = stack_top - sizeof(abi::StartBlock);
    const auto leaf = system.space(root).leaf(abi::VirtAddr{stack_top - abi::page_size});
    auto* block = reinterpret_cast<abi::StartBlock*>(
        system.memory.view(abi::address_of(leaf->entry->frame())) + abi::page_size -
        sizeof(abi::StartBlock));
    *block = abi::StartBlock{};
    block->info = boot.window_base + abi::space_slot_info * abi::space_slot_size;
    block->space_base = slot_base;
    block->env_record = system.memory.system().first_env;
    block->first_free_slot = first_free_slot;
    block->peers_slot = peers_slot;
    block->table_frames = root_table_frames;
    // Streams of their own: what one core draws tells nothing of another. Core 0 has the cell's.
    block->seed = boot.cell->seed + boot.core * seed_stride;
    root.context.regs.rip = entry;
    root.context.regs.rsp = block_address - 8;
    root.context.regs.rdi = block_address;
    root.context.regs.rflags = 0x202;
    root.context.resume = machine::Resume::full;
}

// A core's root environment takes the first frame of its part that the kernel has not. Before that
// lie the disks on core 0, and on no other.
FrameNumber root_of(const BootInfo& boot, std::uint32_t core) {
    BootInfo other = boot;
    other.core = core;
    other.pool_first = machine::part_first(*boot.cell, core);
    return FrameNumber{other.pool_first.value + lay_out(other).total};
}

// The root environments of the other cores.
void name_peers(System& system, Env& root, const BootInfo& boot, std::uint32_t& slot) {
    if (boot.cell->cores == 1) return;
    const abi::EnvRecord* records = env_records(boot, system.core);
    CHITIN_ASSERT(root.self == root_of(boot, boot.core));
    for (std::uint32_t core = 0; core < boot.cell->cores; ++core, ++slot) {
        if (core == boot.core || records_of(boot, records, core).count == 0) continue;
        const CapRef ref = *env::slot_of(root, Slot{slot});
        system.forest.insert(ref, CapType::environment,
                             Rights::manage | Rights::grant | Rights::call, root_of(boot, core),
                             cap::no_cap);
        system.forest.at(ref).link = cap::Link::borrowed;
        system.forest.at(ref).core = static_cast<std::uint8_t>(core);
    }
}

Env& create_root(System& system, const BootInfo& boot, std::uint64_t entry) {
    const env::EnvFrames frames{take(system), take(system), take(system)};
    Env& root = env::create(system, abi::EnvId{1}, frames, system.root_account, abi::no_env);
    for (std::uint32_t i = 1; i < root_table_frames; ++i) {
        env::extend_table(system, root, take(system));
    }
    system.root_env = root.id;
    auto name = [&](Slot slot, CapType type, FrameNumber object) {
        system.forest.insert(*env::slot_of(root, slot), type, Rights::all, object, cap::no_cap);
    };
    name(abi::slot_account, CapType::account, system.root_account);
    name(abi::slot_console, CapType::console, system.console);
    name(abi::slot_cycle, CapType::cycle, system.cycle_frame);
    for (std::uint32_t i = 0; i < disk_count(boot); ++i) {
        name(Slot{abi::slot_disk.value + i}, CapType::disk, system.disks[i]);
    }
    std::uint32_t slot = abi::slot_first_free.value;
    const abi::VirtAddr stack{boot.window_base + abi::space_slot_first * abi::space_slot_size +
                              abi::stack_offset};
    install_tables(system, root, stack, slot);
    map_stack(system, root, stack, slot);
    const std::uint32_t peers = boot.cell->cores > 1 ? slot : 0;
    name_peers(system, root, boot, slot);
    prepare_start(system, root, boot, entry, peers, slot);
    return root;
}

// Names are padded with zeros, so equal names are equal in all their bytes.
std::uint64_t entry_of(const BootInfo& boot, const char (&program)[24]) {
    for (const abi::ProgramInfo& info : boot.programs) {
        if (std::memcmp(info.name, program, sizeof info.name) == 0) return info.entry;
    }
    return 0;
}

void attach_disks(System& system, const BootInfo& boot, const Layout& layout) {
    const auto* blob = at<std::byte>(system.core, boot.bundle_first);
    const auto& header = *reinterpret_cast<const abi::BundleHeader*>(blob);
    const auto* records =
        reinterpret_cast<const abi::DiskRecord*>(blob + abi::disks_offset(header));
    for (std::uint32_t i = 0; i < disk_count(boot); ++i) {
        const FrameNumber memory{boot.disks_first.value + i * machine::disk_frames_each};
        disk::attach(system, i, disk_object(layout, i), memory,
                     records[boot.cell->first_disk + i].service);
    }
}

// Everything any environment still has goes back, whatever state it was left in.
void destroy_all(System& system) {
    for (const FrameNumber& frame : system.envs) {
        while (frame.value != 0) {
            env::destroy_step(system, system.env(frame));
        }
    }
}

// A core for which the bundle has no environment waits for messages.
void start_root(System& system, const BootInfo& boot) {
    const abi::SystemInfo& info = system.memory.system();
    if (info.env_count == 0) return;
    const std::uint64_t entry =
        entry_of(boot, env_records(boot, system.core)[info.first_env].program);
    if (entry != 0) return env::make_runnable(system, create_root(system, boot, entry));
    system.exit_code = 127;
    system.end_reason = abi::EndReason::no_vector;
    system.root_gone = true;
    system.finished = boot.cell->cores == 1;
}

}  // namespace

machine::Outcome run_cell(machine::Core& core, const BootInfo& boot) {
    const Layout layout = lay_out(boot);
    CHITIN_ASSERT(layout.total < boot.pool_frames);
    fill_system_info(core, boot, layout);
    auto& info = *at<abi::SystemInfo>(core, layout.system);
    auto* frames = at<abi::FrameInfo>(core, layout.frames);
    auto* envs = at<abi::EnvInfo>(core, layout.envs);
    const mem::InfoWindow window = build_info_window(core, boot, layout);
    mem::Memory memory{core, info, frames, envs, boot.cell->costs};
    System system{.core = core,
                  .memory = memory,
                  .forest = cap::Forest{memory},
                  .infos = envs,
                  .info_window = window,
                  .cell = *boot.cell,
                  .mesh = mesh::Mesh{core, boot},
                  .cycle_frame = layout.cycle,
                  .cycle = &fill_cycle_info(core, boot, layout.cycle)};
    system.window_base = boot.window_base;
    fill_pool(system, boot, layout);
    attach_disks(system, boot, layout);

    start_root(system, boot);
    cpu::run(system);
    if (system.is_root_core()) env::halt_others(system);
    const abi::Instant ended = core.now();
    destroy_all(system);
    disk::detach(system);
    return {.exit_code = system.exit_code,
            .reason = system.end_reason,
            .time_ns = ended.value,
            .events = system.events,
            .frames_lost = info.pool_frames - info.kernel_frames - info.free_frames};
}

}  // namespace kernel
