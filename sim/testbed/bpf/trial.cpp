#include "sim/testbed/bpf/trial.hpp"

#include <cstring>

#include "kernel/code/interpreter.hpp"
#include "kernel/code/jit/compiler.hpp"
#include "sim/host/code_memory.hpp"

namespace sim::testbed::bpf {

namespace {

using namespace kernel::code;

// Enough that what exploration keeps is no limit.
constexpr std::size_t verifier_bytes = std::size_t{4} << 20;

std::uint64_t its_argument(void*, std::uint64_t r1, std::uint64_t, std::uint64_t, std::uint64_t,
                           std::uint64_t) {
    return r1;
}
constexpr Helper suite_helper{
    .number = 5, .arguments = 1, .function = its_argument, .context = nullptr};

struct Stack {
    alignas(8) std::array<std::byte, frames_max * frame_bytes> bytes{};
};

std::expected<void, std::string> run_compiled(Program units, const Run& run, TrialEnd& end) {
    std::vector<std::uint32_t> offsets(units.size());
    auto memory = host::CodeMemory::create(jit::output_bytes_max(units.size()));
    if (!memory) return std::unexpected(memory.error());
    const auto compiled = jit::compile(units, run.helpers, offsets, memory->memory());
    end.fault = compiled.fault;
    if (end.fault.reason != CodeReason::none) return {};
    if (!memory->seal()) return std::unexpected("the host refuses executable memory");
    end.code_bytes = compiled.bytes;
    const auto entry = reinterpret_cast<jit::Entry>(memory->memory().data());
    end.result = entry(&run.arguments, run.stack.data() + run.stack.size());
    return {};
}

TrialEnd run_checked(Program units, const Run& run, const Window& window,
                     std::uint64_t steps_max) {
    TrialEnd end;
    end.fault = form(units);
    if (end.fault.reason != CodeReason::none) return end;
    const Outcome outcome = interpret_checked(units, run, {&window, 1}, steps_max);
    end.fault = outcome.fault;
    end.result = outcome.result;
    end.steps = outcome.steps;
    return end;
}

}  // namespace

verify::Verdict verdict_of(Program units, const Promise& promise) {
    const WindowRule rule{.bytes_min = promise.bytes_min,
                          .bytes_max = promise.bytes_max,
                          .writable = promise.writable};
    const Contract contract{.windows = {&rule, 1},
                            .helpers = {&suite_helper, 1},
                            .steps_max = promise.steps_max};
    std::vector<std::byte> memory(verifier_bytes);
    return verify::verify(units, contract, memory);
}

std::expected<TrialEnd, std::string> try_program(Program units, std::vector<std::byte>& memory,
                                                 const Promise& promise, Mode mode) {
    Stack stack;
    const Window window{.base = memory.empty() ? nullptr : memory.data(),
                        .bytes = memory.size(),
                        .writable = promise.writable};
    const Run run{.arguments = arguments_of({&window, 1}),
                  .stack = stack.bytes,
                  .helpers = {&suite_helper, 1}};
    if (mode == Mode::checked) return run_checked(units, run, window, promise.steps_max);
    TrialEnd end;
    end.verdict = verdict_of(units, promise);
    end.fault = end.verdict.fault;
    if (!end.verdict.accepted()) return end;
    if (mode == Mode::compiled) {
        const auto ran = run_compiled(units, run, end);
        if (!ran) return std::unexpected(ran.error());
    } else {
        end.result = interpret(units, run);
    }
    return end;
}

}  // namespace sim::testbed::bpf
