#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "kernel/abi/bundle.hpp"
#include "sim/machine/hosted.hpp"
#include "tests/unit/kernel/tiny_programs.hpp"

namespace tests::kernel_parts {
namespace {

using kernel::abi::Status;

// A bundle of one cell whose root environment runs `program`.
std::vector<std::byte> bundle_of(const char* program) {
    namespace abi = kernel::abi;
    abi::BundleHeader header{};
    header.magic = abi::bundle_magic;
    header.cell_count = 1;
    header.env_count = 1;
    header.files_offset = sizeof header;
    header.cells_offset = sizeof header;
    header.envs_offset = header.cells_offset + sizeof(abi::CellRecord);
    header.size_bytes = header.envs_offset + sizeof(abi::EnvRecord);
    abi::CellRecord cell{};
    std::strcpy(cell.name, program);
    cell.pool_frames = 1024;
    cell.env_count = 1;
    cell.cores = 1;
    cell.slice_ns = 1'000'000;
    cell.costs = {100, 200, 50, 20, 30, 300, 400, 40, 100, 1000};
    abi::EnvRecord env{};
    std::strcpy(env.name, "root");
    std::strcpy(env.program, program);
    for (auto& module : env.modules) module = abi::no_file;
    std::vector<std::byte> blob(header.size_bytes);
    std::memcpy(blob.data(), &header, sizeof header);
    std::memcpy(blob.data() + header.cells_offset, &cell, sizeof cell);
    std::memcpy(blob.data() + header.envs_offset, &env, sizeof env);
    return blob;
}

sim::engine::CellResult run(const char* program) {
    seen = Seen{};
    const auto blob = bundle_of(program);
    return sim::machine::run_hosted(blob, 0, {});
}

TEST(Kernel, RunsTheRootEnvironmentAndGetsEverythingBack) {
    const auto result = run("greet");
    EXPECT_EQ(result.error, "");
    EXPECT_EQ(result.outcome.exit_code, 0u);
    EXPECT_EQ(result.outcome.frames_lost, 0u);
    EXPECT_EQ(seen.null_status, 0u);
    EXPECT_EQ(seen.bad_call_status, static_cast<std::uint64_t>(Status::bad_call));
    EXPECT_EQ(seen.magic, kernel::abi::system_info_magic);
    EXPECT_EQ(seen.mapped_status, 0u);
    EXPECT_EQ(seen.unmap_value, 3u) << "accessed and dirty";
    ASSERT_EQ(result.envs.size(), 1u);
    EXPECT_EQ(result.envs[0].info.calls, 6u);
}

TEST(Kernel, FaultIsHandledInTheEnvironmentAndResumedWithoutTheKernel) {
    const auto result = run("fault");
    EXPECT_EQ(result.error, "");
    EXPECT_EQ(result.outcome.exit_code, 3u);
    EXPECT_EQ(result.outcome.frames_lost, 0u);
    EXPECT_EQ(seen.faults, 1u);
    EXPECT_EQ(seen.fault_error, 4u);
    EXPECT_EQ(seen.value_read, 1234u);
}

TEST(Kernel, FaultWithoutAVectorEndsTheEnvironment) {
    const auto result = run("crash");
    EXPECT_EQ(result.error, "");
    EXPECT_EQ(result.outcome.reason, kernel::abi::EndReason::no_vector);
    EXPECT_EQ(result.outcome.frames_lost, 0u);
}

TEST(Kernel, SameSeedSameTraceHash) {
    const auto first = run("fault");
    const auto second = run("fault");
    EXPECT_NE(first.trace_hash, 0u);
    EXPECT_EQ(first.trace_hash, second.trace_hash);
}

TEST(Kernel, ProgramThatIsNotThereIsSaid) {
    EXPECT_EQ(run("nowhere").outcome.exit_code, 127u);
}

}  // namespace
}  // namespace tests::kernel_parts
