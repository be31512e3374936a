#include "sim/testbed/runner.hpp"

#include "sim/host/process/worker.hpp"
#include "sim/testbed/cell_codec.hpp"

namespace sim::testbed {

namespace {

engine::CellResult result_of(const host::process::JobEnd& end, std::uint32_t number) {
    engine::CellResult result;
    if (end.failure.empty()) {
        if (auto decoded = decode_cell(end.output)) {
            result = std::move(*decoded);
        } else {
            result.error = decoded.error();
        }
    } else {
        result.error = end.failure;
    }
    result.cell = number;
    return result;
}

}  // namespace

bool run_cells(std::span<const std::byte> bundle, std::span<const std::uint32_t> numbers,
               const RunOptions& options) {
    const auto work = [&](std::uint32_t job) { return encode_cell(options.run_cell(bundle, job)); };
    const auto done = [&](const host::process::JobEnd& end) {
        options.on_result(result_of(end, numbers[end.job]));
    };
    return host::process::run_jobs(
        {.jobs = static_cast<std::uint32_t>(numbers.size()), .parallel = options.parallel}, work,
        done);
}

}  // namespace sim::testbed
