// Downloaded code: the same function as native C++, interpreted and compiled, in one run.
#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <vector>

#include "kernel/code/interpreter.hpp"
#include "kernel/code/jit/compiler.hpp"
#include "kernel/code/verify/verifier.hpp"
#include "sim/host/code_memory.hpp"
#include "sim/testbed/bpf/hex.hpp"

namespace {

using namespace kernel::code;
using Native = std::uint64_t (*)(const std::uint8_t* bytes, std::uint64_t length);

// Is this an IPv4 packet over Ethernet, for UDP port 53?
[[gnu::noinline]] std::uint64_t filter(const std::uint8_t* packet, std::uint64_t length) {
    if (length < 38) return 0;
    if (packet[12] != 0x08 || packet[13] != 0x00) return 0;
    if (packet[14] != 0x45 || packet[23] != 17) return 0;
    return packet[36] == 0 && packet[37] == 53;
}

// The Internet checksum of 64 bytes. Neither compiler unrolls it or makes vectors of it.
[[gnu::noinline, gnu::optimize("no-tree-vectorize")]] std::uint64_t checksum(
    const std::uint8_t* packet, std::uint64_t length) {
    if (length < 64) return 0;
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < 64; i += 2) {
        sum += static_cast<std::uint64_t>(packet[i] << 8 | packet[i + 1]);
    }
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

struct Extent {
    std::uint32_t first;
    std::uint32_t count;
};

// Which of a metadata block's 32 extents holds the disk block that its first word names?
[[gnu::noinline]] std::uint64_t owner(const std::uint8_t* block, std::uint64_t length) {
    if (length < 8 + 32 * sizeof(Extent)) return 0;
    std::uint32_t wanted = 0;
    std::memcpy(&wanted, block, sizeof wanted);
    for (std::uint64_t i = 0; i < 32; ++i) {
        Extent extent{};
        std::memcpy(&extent, block + 8 + i * sizeof extent, sizeof extent);
        if (wanted - extent.first < extent.count) return i + 1;
    }
    return 0;
}

// What clang 14 makes of the same three functions in C:
//     clang -O2 -target bpf -mcpu=v3, their loops under `#pragma clang loop unroll(disable)`
constexpr const char* filter_code =
    "b700000000000000a5020e002600000071120c000000000056020c000800000071120d0000000000"
    "56020a000000000071120e0000000000560208004500000071121700000000005602060011000000"
    "711224000000000056020400000000007111250000000000b4000000010000001601010035000000"
    "b4000000000000009500000000000000";
constexpr const char* checksum_code =
    "b700000000000000a502160040000000b703000000000000b704000000000000bf35000000000000"
    "bf120000000000000f52000000000000712001000000000071220000000000006702000008000000"
    "4f020000000000000f420000000000000703000002000000bf24000000000000a505f5ff3e000000"
    "bf21000000000000770100001000000054020000ffff00000c12000000000000bc20000000000000"
    "74000000100000000c20000000000000a4000000ffffffff57000000ffff00009500000000000000";
constexpr const char* owner_code =
    "b700000000000000a5020d0008010000b7020000000000006113000000000000070100000c000000"
    "b70000000000000015020800200000006114fcff00000000bc350000000000001c45000000000000"
    "070200000100000061140000000000000701000008000000bf200000000000003e45f6ff00000000"
    "9500000000000000";

// The packet is one that the filter takes; the block asked for lies in the last extent.
std::vector<std::byte> input() {
    std::vector<std::byte> bytes(8 + 32 * sizeof(Extent));
    constexpr std::uint8_t header[] = {0x08, 0x00, 0x45};
    std::memcpy(&bytes[12], header, sizeof header);
    bytes[23] = std::byte{17};
    bytes[37] = std::byte{53};
    return bytes;
}
std::vector<std::byte> metadata() {
    std::vector<std::byte> bytes(8 + 32 * sizeof(Extent));
    const std::uint32_t wanted = 32 * 100 - 1;
    std::memcpy(bytes.data(), &wanted, sizeof wanted);
    for (std::uint32_t i = 0; i < 32; ++i) {
        const Extent extent{i * 100, 100};
        std::memcpy(&bytes[8 + i * sizeof extent], &extent, sizeof extent);
    }
    return bytes;
}

struct Subject {
    const char* name;
    Native native;
    const char* code;
    std::vector<std::byte> bytes;
};

// One subject in memory, verified for packets of any length.
class Ground {
public:
    explicit Ground(const Subject& subject) : bytes_{subject.bytes} {
        const auto read = sim::testbed::bpf::bytes_of_hex(subject.code);
        program_.resize(read->size() / sizeof(Instruction));
        std::memcpy(program_.data(), read->data(), read->size());
        window_ = {bytes_.data(), bytes_.size(), false};
        run_ = {.arguments = arguments_of({&window_, 1}), .stack = stack_, .helpers = {}};
    }
    [[nodiscard]] verify::Verdict verify() {
        const WindowRule rule{.bytes_min = 0, .bytes_max = 65535, .writable = false};
        return verify::verify(program_, {.windows = {&rule, 1}, .helpers = {}}, memory_);
    }
    [[nodiscard]] bool compile() {
        std::vector<std::uint32_t> offsets(program_.size());
        auto memory = sim::host::CodeMemory::create(jit::output_bytes_max(program_.size()));
        if (!memory) return false;
        const auto compiled = jit::compile(program_, {}, offsets, memory->memory());
        if (compiled.fault.reason != CodeReason::none || !memory->seal()) return false;
        code_ = std::make_unique<sim::host::CodeMemory>(std::move(*memory));
        return true;
    }
    [[nodiscard]] std::uint64_t interpreted() { return interpret(program_, run_); }
    [[nodiscard]] std::uint64_t compiled() {
        const auto entry = reinterpret_cast<jit::Entry>(code_->memory().data());
        return entry(&run_.arguments, stack_.data() + stack_.size());
    }
    [[nodiscard]] std::uint64_t native(Native function) const {
        return function(reinterpret_cast<const std::uint8_t*>(bytes_.data()), bytes_.size());
    }

private:
    std::vector<std::byte> bytes_;
    std::vector<Instruction> program_;
    alignas(8) std::array<std::byte, frame_bytes> stack_{};
    std::vector<std::byte> memory_ = std::vector<std::byte>(std::size_t{256} << 10);
    std::unique_ptr<sim::host::CodeMemory> code_;
    Window window_;
    Run run_;
};

enum class Way { native, compiled, interpreted };

void measure(benchmark::State& state, const Subject& subject, Way way) {
    Ground ground{subject};
    const Native function = subject.native;
    const bool sound = ground.verify().accepted() && ground.compile() &&
                       ground.compiled() == ground.native(function) &&
                       ground.interpreted() == ground.native(function) &&
                       ground.native(function) != 0;
    if (!sound) return state.SkipWithError("not accepted, or results differ");
    for (auto _ : state) {
        switch (way) {
            case Way::native: benchmark::DoNotOptimize(ground.native(function)); break;
            case Way::compiled: benchmark::DoNotOptimize(ground.compiled()); break;
            case Way::interpreted: benchmark::DoNotOptimize(ground.interpreted()); break;
        }
    }
}

// What installing costs once: verification, for any length.
void verification(benchmark::State& state, const Subject& subject) {
    Ground ground{subject};
    verify::Verdict verdict;
    for (auto _ : state) verdict = ground.verify();
    state.counters["steps_max"] = verdict.steps_max;
    state.counters["explored"] = verdict.explored;
    state.counters["per_explored"] = benchmark::Counter(
        static_cast<double>(verdict.explored),
        benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

const bool registered = [] {
    static const Subject subjects[] = {{"filter", filter, filter_code, input()},
                                       {"checksum", checksum, checksum_code, input()},
                                       {"owner", owner, owner_code, metadata()}};
    const auto add = [](const Subject& subject, const char* what, auto function, auto... more) {
        const std::string name = std::string{"code/"} + subject.name + "/" + what;
        benchmark::RegisterBenchmark(name.c_str(), function, subject, more...)
            ->Repetitions(7)
            ->MinTime(0.05)
            ->ReportAggregatesOnly();
    };
    for (const Subject& subject : subjects) {
        add(subject, "native", measure, Way::native);
        add(subject, "compiled", measure, Way::compiled);
        add(subject, "interpreted", measure, Way::interpreted);
        add(subject, "verified", verification);
    }
    return true;
}();

}  // namespace
