// fuzz_code: libFuzzer over downloaded programs.
#include <cstring>

#include "tests/fuzz/code/code_run.hpp"
#include "tests/fuzz/driver.hpp"
#include "tests/unit/code/generator.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size,
                                        std::size_t size_max);

namespace tests::fuzz {
namespace {

using code::Code;
using code::Generator;

// The program behind the plan, changed field by field, or in part another's.
Code changed(Code program, Generator& generator) {
    if (!program.empty() && generator.below(2) == 0) return generator.mutated(program);
    const Code other = generator.program(24, 96);
    if (program.empty() || generator.below(3) == 0) return other;
    const std::size_t from = generator.below(other.size());
    const std::size_t count = 1 + generator.below(other.size() - from);
    const std::size_t at = generator.below(program.size() + 1);
    program.insert(program.begin() + static_cast<std::ptrdiff_t>(at),
                   other.begin() + static_cast<std::ptrdiff_t>(from),
                   other.begin() + static_cast<std::ptrdiff_t>(from + count));
    return program;
}

}  // namespace

const Fuzzer fuzzer{"fuzz_code", code_input_bytes_max, run_code};

}  // namespace tests::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned seed);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned seed) {
    using namespace tests::fuzz;
    Generator generator{seed};
    if (generator.below(3) == 0 || size_max < 16) return LLVMFuzzerMutate(data, size, size_max);
    constexpr std::uint8_t plan[8] = {24, 72, 2, 9, 7, 0, 0, 0};
    if (size < sizeof plan) std::memcpy(data, plan, sizeof plan);
    Code program(size < 8 ? 0 : (size - 8) / 8);
    if (!program.empty()) std::memcpy(program.data(), data + 8, program.size() * 8);
    program = changed(std::move(program), generator);
    if (program.size() > (size_max - 8) / 8) program.resize((size_max - 8) / 8);
    std::memcpy(data + 8, program.data(), program.size() * 8);
    return 8 + program.size() * 8;
}
