#include "tests/fuzz/coverage.hpp"

#include <cstring>
#include <limits>
#include <vector>

extern "C" {
// Of the linker: where the program's text is.
extern const std::uint8_t __executable_start;
extern const std::uint8_t etext;
// Of libFuzzer.
void __sanitizer_cov_8bit_counters_init(std::uint8_t* begin, std::uint8_t* end);
void __sanitizer_cov_pcs_init(const std::uintptr_t* begin, const std::uintptr_t* end);

// What the kernel's calls of __sanitizer_cov_trace_pc are linked to: libFuzzer has one too.
void __wrap___sanitizer_cov_trace_pc();
}

namespace tests::fuzz {

namespace {

constexpr std::uint32_t no_block = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint8_t call_opcode = 0xe8;  // with a 32-bit distance from the next instruction
constexpr std::size_t call_bytes = 5;

struct Blocks {
    std::vector<std::uintptr_t> addresses;   // behind the call
    std::vector<std::uint8_t> counters;
    std::vector<std::uintptr_t> table;       // libFuzzer's: address and flags of each
    std::vector<std::uint32_t> number;       // by distance from `first`
    std::uintptr_t first = 0;
};

Blocks& all() {
    static Blocks blocks;
    return blocks;
}

// Read by the callback, which must not call anything that is instrumented.
const std::uint32_t* number_of = nullptr;
std::uint8_t* counter_of = nullptr;
std::uintptr_t first_block = 0;
std::uintptr_t blocks_bytes = 0;

bool calls_trace(const std::uint8_t* at, std::uintptr_t trace) {
    if (*at != call_opcode) return false;
    std::int32_t distance;
    std::memcpy(&distance, at + 1, sizeof distance);
    return reinterpret_cast<std::uintptr_t>(at) + call_bytes +
               static_cast<std::uintptr_t>(std::intptr_t{distance}) == trace;
}

[[gnu::no_sanitize("address", "undefined")]] void find_blocks(Blocks& blocks) {
    const auto trace = reinterpret_cast<std::uintptr_t>(&__wrap___sanitizer_cov_trace_pc);
    for (const std::uint8_t* at = &__executable_start; at + call_bytes < &etext; ++at) {
        if (!calls_trace(at, trace)) continue;
        blocks.addresses.push_back(reinterpret_cast<std::uintptr_t>(at) + call_bytes);
    }
}

}  // namespace

bool begin_coverage() {
    Blocks& blocks = all();
    find_blocks(blocks);
    if (blocks.addresses.empty()) return false;
    const std::size_t count = blocks.addresses.size();
    blocks.first = blocks.addresses.front();
    blocks.counters.resize(count);
    blocks.number.assign(blocks.addresses.back() - blocks.first + 1, no_block);
    for (std::size_t i = 0; i < count; ++i) {
        blocks.number[blocks.addresses[i] - blocks.first] = static_cast<std::uint32_t>(i);
        blocks.table.push_back(blocks.addresses[i]);
        blocks.table.push_back(0);
    }
    __sanitizer_cov_8bit_counters_init(blocks.counters.data(), blocks.counters.data() + count);
    __sanitizer_cov_pcs_init(blocks.table.data(), blocks.table.data() + blocks.table.size());
    first_block = blocks.first;
    blocks_bytes = blocks.number.size();
    counter_of = blocks.counters.data();
    number_of = blocks.number.data();
    return true;
}

std::span<const std::uintptr_t> blocks() { return all().addresses; }
std::span<std::uint8_t> counters() { return all().counters; }

}  // namespace tests::fuzz

[[gnu::no_sanitize("address", "undefined")]] void __wrap___sanitizer_cov_trace_pc() {
    using namespace tests::fuzz;
    const auto at = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0)) - first_block;
    if (number_of == nullptr || at >= blocks_bytes) return;
    const std::uint32_t number = number_of[at];
    if (number != no_block) ++counter_of[number];
}
