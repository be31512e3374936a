// Replaying a reference string through each replacement policy: references a second.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "libos/policy/list.hpp"
#include "sim/testbed/misses.hpp"
#include "sim/testbed/trace/trace.hpp"

namespace {

constexpr std::size_t references = 1'000'000;
constexpr std::uint32_t pages = 100'000;
constexpr std::uint64_t frames = 20'000;

// Zipf-like: page numbers are a product of uniform draws, the same on every host.
const sim::testbed::trace::Trace& trace() {
    static const sim::testbed::trace::Trace made = [] {
        sim::testbed::trace::Trace result;
        std::mt19937_64 draw{1};
        for (std::uint32_t id = 0; id < pages; ++id) result.ids.push_back(id);
        for (std::size_t i = 0; i < references; ++i) {
            const auto a = static_cast<std::uint32_t>(draw() >> 32);
            const auto b = static_cast<std::uint32_t>(draw() >> 32);
            const std::uint64_t product = (std::uint64_t{a} * b) >> 32;
            result.page.push_back(static_cast<std::uint32_t>(product * pages >> 32));
        }
        return result;
    }();
    return made;
}

void replay(benchmark::State& state, const std::string& policy) {
    for (auto _ : state) {
        benchmark::DoNotOptimize(sim::testbed::count_misses(trace(), policy, frames, {}));
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) *
                            static_cast<std::int64_t>(references));
}

const bool registered = [] {
    for (const char* policy : {"lru", "fifo", "clock0", "sieve", "arc", "2q", "s3-fifo", "lirs"}) {
        benchmark::RegisterBenchmark((std::string{"replay/"} + policy).c_str(), replay,
                                     std::string{policy})
            ->Unit(benchmark::kMillisecond);
    }
    return true;
}();

}  // namespace
