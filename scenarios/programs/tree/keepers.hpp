// Parts of shared_tree: two libOSes with a format each, in their parts of one tree.
#pragma once

#include "scenarios/programs/tree/format.hpp"

namespace scenarios::tree {

// Ends the environment after so many requests, as if the power had gone for it.
class Doom {
public:
    Doom(Environment& env, std::uint32_t after) : env_{env}, left_{after} {}

    // A request's answer.
    void answered(Status status, std::string_view what) {
        if (status != Status::ok) env_.panic(what, ": ", libos::rt::status_name(status));
        if (left_ != 0 && --left_ == 0) env_.exit(0);
    }

private:
    Environment& env_;
    std::uint32_t left_;
};

// Files with an inode each, in one directory.
class Keeper {
public:
    explicit Keeper(Environment& env)
        : env_{env}, io_{env}, doom_{env, argument(env, "crash_after")} {}

    int run() {
        env_.must(io_.begin(slot_node), "a ring");
        find_directory();
        share_directory();
        const std::uint32_t files = argument(env_, "files");
        for (std::uint32_t i = 0; i < files; ++i) {
            make(i);
            if (i % 3 == 2) remove(i - 1);
        }
        if (argument(env_, "crash_after") == 0) {
            await(env_, slot_token);
            env_.must(calls::cap_revoke(io_.frame(page_directory)), "taking the cache back");
        }
        return 0;
    }

private:
    static constexpr std::uint32_t page_directory = 0, page_file = 1, page_data = 2;
    static constexpr std::uint32_t file_blocks = 6;

    // The creator says which block its part begins with by the argument.
    void find_directory() {
        block_ = static_cast<std::uint32_t>(env_.start().argument >> 32);
        doom_.answered(io_.read(slot_node, block_, page_directory), "reading the directory");
    }
    // Who may read this part need not read this block from the disk.
    void share_directory() {
        env_.must(calls::registry_enter(slot_node, block_, io_.frame(page_directory)), "sharing");
    }

    DirectoryEntry& entry(std::uint32_t number) {
        return io_.as<DirectoryEntry>(page_directory)[number % directory_entries];
    }

    // Data first, then what owns them, then what owns that.
    void make(std::uint32_t number) {
        if (entry(number).file != 0) remove(number);
        io_.clear(page_file);
        File& inode = *io_.as<File>(page_file);
        inode.number = number;
        for (std::uint32_t i = 0; i < file_blocks; ++i) {
            const std::uint32_t block = reserve();
            stamp(io_, page_data, stamp_of(Part::keeper, number, i, block));
            doom_.answered(io_.ask(DiskOp::write, slot_node, block, page_data).status, "data");
            inode.blocks[i] = block;
        }
        doom_.answered(io_.flush(slot_node), "flushing");
        const std::uint32_t block = env_.must(calls::tree_allocate(slot_node, file), "an inode");
        doom_.answered(io_.write(slot_node, block, page_file), "the inode");
        entry(number).file = block;
        entry(number).blocks = file_blocks;
        write_directory(DiskOp::write_fua);
    }

    // Where there was one before, if it is free already.
    std::uint32_t reserve() {
        const auto again = calls::tree_allocate(slot_node, data, given_up_);
        if (again.has_value()) return *again;
        return env_.must(calls::tree_allocate(slot_node, data), "a block");
    }

    // What it owned is free once that is durable, by whatever flush: no need to touch it.
    void remove(std::uint32_t number) {
        given_up_ = entry(number).file;
        entry(number) = DirectoryEntry{};
        write_directory(DiskOp::write);
    }

    void write_directory(DiskOp op) {
        doom_.answered(io_.ask(op, slot_node, block_, page_directory).status, "the directory");
    }

    Environment& env_;
    BlockIo io_;
    Doom doom_;
    std::uint32_t block_ = 0;
    std::uint32_t given_up_ = 0;  // a block that was an inode last
};

// A log of runs: blocks one behind the other, the oldest run given up for the newest.
class Logger {
public:
    explicit Logger(Environment& env)
        : env_{env}, io_{env}, doom_{env, argument(env, "crash_after")} {}

    int run() {
        env_.must(io_.begin(slot_node), "a ring");
        block_ = static_cast<std::uint32_t>(env_.start().argument >> 32);
        doom_.answered(io_.read(slot_node, block_, page_log), "reading the log");
        for (std::uint32_t i = 0; i < argument(env_, "files"); ++i) append();
        return argument(env_, "crash_after") == 0 ? look_at_neighbour() : 0;
    }

private:
    static constexpr std::uint32_t page_log = 0, page_data = 1, page_other = 2;
    static constexpr std::uint32_t run_blocks = 5;

    // The place in the tree is its own choice: as many blocks as there are in a row.
    Log::Run reserve_run() {
        Log::Run run{env_.must(calls::tree_allocate(slot_node, data), "a block"), 1};
        while (run.count < run_blocks &&
               calls::tree_allocate(slot_node, data, run.first + run.count).has_value()) {
            run.count++;
        }
        return run;
    }

    void append() {
        Log& log = *io_.as<Log>(page_log);
        const Log::Run run = reserve_run();
        for (std::uint32_t i = 0; i < run.count; ++i) {
            stamp(io_, page_data, stamp_of(Part::logger, log.rounds, i, run.first + i));
            doom_.answered(io_.ask(DiskOp::write, slot_node, run.first + i, page_data).status,
                           "data");
        }
        doom_.answered(io_.flush(slot_node), "flushing");
        log.runs[log.rounds++ % log_runs] = run;
        doom_.answered(io_.write(slot_node, block_, page_log), "the log");
    }

    // The keeper's directory: as it caches it, and as it is on the disk.
    int look_at_neighbour() {
        await(env_, slot_other);
        const auto mine = env_.must(env_.space().take_slot(), "a slot");
        std::uint32_t block = 0;
        const auto& entries = env_.info().registry(0).entries;
        for (const volatile auto& entry : entries) {
            const std::uint32_t asked = entry.asked;
            if (entry.frame.value == 0) continue;
            const auto look = calls::tree_look(slot_other, asked);
            if (look && look->type == directory) block = asked;
        }
        env_.must(calls::registry_find(slot_other, block, mine), "its cached block");
        const auto page = env_.space().reserve(1);
        env_.must(env_.space().map(mine, page, Rights::read), "mapping it");
        const auto* cached = reinterpret_cast<const DirectoryEntry*>(page.value);
        doom_.answered(io_.read(slot_other, block, page_other), "reading it");
        std::uint32_t named = 0;
        for (std::uint32_t i = 0; i < directory_entries; ++i) named += cached[i].file != 0 ? 1 : 0;
        libos::rt::JsonLine line;
        line.add("part", "logger").add("rounds", io_.as<Log>(page_log)->rounds);
        line.add("neighbour_has_files", named != 0 ? 1u : 0u);
        env_.report(line);
        if (calls::registry_enter(slot_other, block, io_.frame(0)).has_value()) return 1;
        return io_.write(slot_other, block, page_other) == Status::no_right ? 0 : 1;
    }

    Environment& env_;
    BlockIo io_;
    Doom doom_;
    std::uint32_t block_ = 0;
};

}  // namespace scenarios::tree
