// DiskCell: one cell with one disk, on the hosted machine, the whole-system checkers after every
// event.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "kernel/abi/bundle.hpp"
#include "sim/checkers/conservation.hpp"
#include "sim/machine/director.hpp"
#include "sim/machine/hosted.hpp"

namespace tests::disk_kernel {

using Image = std::shared_ptr<sim::machine::disk::DiskImage>;

inline Image blank(std::uint64_t blocks) {
    return std::make_shared<sim::machine::disk::OverlayImage>(blocks);
}

// Some of everything, so that each part of the model is met.
inline kernel::abi::ServiceProfile profile() {
    kernel::abi::ServiceProfile made{};
    made.command = 2000;
    made.read_access = 10'000;
    made.write_access = 5000;
    made.read_block = 1000;
    made.write_block = 2000;
    made.channels = 4;
    made.cache_blocks = 64;
    made.cache_block = 500;
    made.flush = 20'000;
    return made;
}

struct EnvOptions {
    std::string name;
    std::string program;
    std::string arguments = {};  // "name=value\n" lines
    std::uint32_t core = 0;
};

struct CellOptions {
    std::vector<EnvOptions> envs;  // in the order of their cores, of each the first is the root
    kernel::abi::ServiceProfile service = profile();
    bool lose_unflushed = false;
    sim::machine::Director* director = nullptr;
};

// init, and these.
inline CellOptions under_init(std::vector<EnvOptions> envs) {
    envs.insert(envs.begin(), {"init", "init"});
    return {.envs = std::move(envs)};
}

template <class T>
void put(std::vector<std::byte>& blob, const T& record) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&record);
    blob.insert(blob.end(), bytes, bytes + sizeof record);
}

inline kernel::abi::CellRecord cell_record(const std::vector<EnvOptions>& envs) {
    kernel::abi::CellRecord cell{};
    cell.pool_frames = 8192;
    cell.env_count = static_cast<std::uint32_t>(envs.size());
    cell.cores = envs.back().core + 1;
    cell.disk_count = 1;
    cell.slice_ns = 1'000'000;
    cell.seed = 1;
    cell.costs = {100, 200, 50, 20, 30, 300, 400, 40, 100, 1000};
    return cell;
}

inline std::vector<std::byte> bundle_of(const CellOptions& options) {
    namespace abi = kernel::abi;
    abi::BundleHeader header{};
    header.magic = abi::bundle_magic;
    header.cell_count = 1;
    header.env_count = static_cast<std::uint32_t>(options.envs.size());
    header.disk_count = 1;
    header.files_offset = sizeof header;
    header.cells_offset = sizeof header;
    header.envs_offset = header.cells_offset + sizeof(abi::CellRecord);
    std::uint64_t arguments = abi::disks_offset(header) + sizeof(abi::DiskRecord);
    std::string lines;
    std::vector<std::byte> blob;
    for (const EnvOptions& env : options.envs) lines += env.arguments;
    header.size_bytes = arguments + lines.size();
    put(blob, header);
    put(blob, cell_record(options.envs));
    for (const EnvOptions& env : options.envs) {
        abi::EnvRecord record{};
        std::strcpy(record.name, env.name.c_str());
        std::strcpy(record.program, env.program.c_str());
        record.arguments_offset = arguments;
        record.arguments_bytes = env.arguments.size();
        record.core = env.core;
        arguments += env.arguments.size();
        for (auto& module : record.modules) module = abi::no_file;
        put(blob, record);
    }
    abi::DiskRecord disk{};
    disk.service = options.service;
    put(blob, disk);
    const auto* text = reinterpret_cast<const std::byte*>(lines.data());
    blob.insert(blob.end(), text, text + lines.size());
    return blob;
}

struct CellRun {
    sim::engine::CellResult result;
    std::string broken;  // what the checkers found first
    std::string text;    // all that was printed
};

// `checked`: with the checkers, which look at all memory after every event.
inline CellRun run(const CellOptions& options, const Image& image, bool checked = true) {
    CellRun run;
    sim::machine::HostedOptions hosted;
    hosted.disks.push_back({image, options.lose_unflushed});
    hosted.director = options.director;
    if (checked) hosted.verify = [&run](std::span<std::byte> pool) {
        if (run.broken.empty()) run.broken = sim::checkers::verify_conservation(pool);
    };
    hosted.on_text = [&run](std::uint16_t, std::string_view text) { run.text += text; };
    run.result = sim::machine::run_hosted(bundle_of(options), 0, hosted);
    return run;
}

inline void expect_well(const CellRun& run) {
    EXPECT_EQ(run.result.error, "");
    EXPECT_EQ(run.broken, "");
    EXPECT_EQ(run.result.outcome.exit_code, 0u);
    EXPECT_EQ(run.result.outcome.frames_lost, 0u);
    EXPECT_EQ(run.text, "");
}

}  // namespace tests::disk_kernel
