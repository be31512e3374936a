// DiskCell: one cell with one disk, on the hosted machine, the whole-system checkers after every
// event.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "kernel/abi/bundle.hpp"
#include "sim/checkers/conservation.hpp"
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

struct CellOptions {
    std::string program;            // of the root environment
    std::string arguments = {};     // "name=value\n" lines
    kernel::abi::ServiceProfile service = profile();
    bool lose_unflushed = false;
    bool trace_full = false;
};

inline std::vector<std::byte> bundle_of(const CellOptions& options) {
    namespace abi = kernel::abi;
    abi::BundleHeader header{};
    header.magic = abi::bundle_magic;
    header.cell_count = 1;
    header.env_count = 1;
    header.disk_count = 1;
    header.files_offset = sizeof header;
    header.cells_offset = sizeof header;
    header.envs_offset = header.cells_offset + sizeof(abi::CellRecord);
    const std::uint64_t arguments = abi::disks_offset(header) + sizeof(abi::DiskRecord);
    header.size_bytes = arguments + options.arguments.size();
    abi::CellRecord cell{};
    cell.pool_frames = 4096;
    cell.env_count = 1;
    cell.cores = 1;
    cell.disk_count = 1;
    cell.slice_ns = 1'000'000;
    cell.seed = 1;
    cell.costs = {100, 200, 50, 20, 30, 300, 400, 40, 100, 1000};
    abi::EnvRecord env{};
    std::strcpy(env.name, "root");
    std::strcpy(env.program, options.program.c_str());
    env.arguments_offset = arguments;
    env.arguments_bytes = options.arguments.size();
    for (auto& module : env.modules) module = abi::no_file;
    abi::DiskRecord disk{};
    disk.service = options.service;
    std::vector<std::byte> blob(header.size_bytes);
    std::memcpy(blob.data(), &header, sizeof header);
    std::memcpy(blob.data() + header.cells_offset, &cell, sizeof cell);
    std::memcpy(blob.data() + header.envs_offset, &env, sizeof env);
    std::memcpy(blob.data() + abi::disks_offset(header), &disk, sizeof disk);
    std::memcpy(blob.data() + arguments, options.arguments.data(), options.arguments.size());
    return blob;
}

struct CellRun {
    sim::engine::CellResult result;
    std::string broken;  // what the checkers found first
    std::string text;    // all that was printed
};

inline CellRun run(const CellOptions& options, const Image& image) {
    CellRun run;
    sim::machine::HostedOptions hosted;
    hosted.disks.push_back({image, options.lose_unflushed});
    hosted.verify = [&run](std::span<std::byte> pool) {
        if (run.broken.empty()) run.broken = sim::checkers::verify_conservation(pool);
    };
    hosted.on_text = [&run](std::uint16_t, std::string_view text) { run.text += text; };
    run.result = sim::machine::run_hosted(bundle_of(options), 0, hosted);
    return run;
}

}  // namespace tests::disk_kernel
