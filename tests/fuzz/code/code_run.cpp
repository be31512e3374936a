#include "tests/fuzz/code/code_run.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "kernel/code/interpreter.hpp"
#include "kernel/code/jit/compiler.hpp"
#include "kernel/code/verify/explorer.hpp"
#include "sim/host/code_memory.hpp"

namespace tests::fuzz {

namespace {

using namespace kernel::code;
using Code = std::vector<Instruction>;

bool accepted_last = false;

std::uint64_t first_argument(void*, std::uint64_t r1, std::uint64_t, std::uint64_t,
                             std::uint64_t, std::uint64_t) {
    return r1;
}
constexpr Helper helper{
    .number = 5, .arguments = 1, .function = first_argument, .context = nullptr};

// What the first 8 bytes say.
struct Plan {
    std::uint32_t bytes_min;
    std::uint32_t bytes_max;
    std::uint32_t more;
    std::uint8_t filling;
    std::uint32_t budget;  // of a step of verification
    bool writable;
};

Plan plan_of(std::span<const std::uint8_t> head) {
    const std::uint32_t bytes_min = head[0] % 64;
    return {.bytes_min = bytes_min,
            .bytes_max = bytes_min + head[1],
            .more = head[2] % 33u * 8,
            .filling = head[3],
            .budget = 1 + head[4] % 64u,
            .writable = (head[5] & 1) == 0};
}

struct Place {
    std::vector<std::byte> bytes, more;
    alignas(8) std::array<std::byte, frames_max * frame_bytes> stack;
};

struct Outcomes {
    std::uint64_t value;
    std::vector<std::byte> bytes, more;
    bool operator==(const Outcomes&) const = default;
};

class Examination {
public:
    Examination(const Plan& plan, const Code& code) : plan_{plan}, code_{code} {}

    std::string run() {
        const verify::Verdict verdict = verify::verify(code_, contract_, memory_);
        const std::string steps = same_in_steps(verdict);
        accepted_last = verdict.accepted();
        if (!steps.empty() || !verdict.accepted()) return steps;
        return hold(verdict);
    }

private:
    std::string same_in_steps(const verify::Verdict& verdict) {
        const verify::Beginning beginning = verify::begin(code_, contract_, memory_);
        if (beginning.explorer == nullptr) {
            return beginning.fault == verdict.fault ? "" : "a beginning refused for another reason";
        }
        while (!beginning.explorer->run(plan_.budget)) continue;
        const verify::Verdict& other = beginning.explorer->verdict();
        if (other.fault.reason != verdict.fault.reason || other.steps_max != verdict.steps_max ||
            other.frames_max != verdict.frames_max) {
            return "verification in steps has another verdict";
        }
        return {};
    }

    void fill(Place& place, std::uint32_t bytes, std::uint8_t past) {
        place.bytes.assign(bytes, std::byte{});
        place.more.assign(plan_.more, std::byte{});
        std::uint32_t state = plan_.filling * 2654435761u + 1;
        for (auto* all : {&place.bytes, &place.more}) {
            for (std::byte& byte : *all) {
                state = state * 1664525 + 1013904223;
                byte = plan_.filling == 0 ? std::byte{0} : static_cast<std::byte>(state >> 24);
            }
        }
        place.stack.fill(static_cast<std::byte>(past));
        windows_ = {{{place.bytes.data(), bytes, plan_.writable},
                     {place.more.data(), plan_.more, false}}};
    }
    kernel::code::Run run_in(Place& place, std::uint32_t frames) {
        // A window that is always empty has no base.
        auto arguments = arguments_of(windows_);
        if (plan_.bytes_max == 0) arguments[0] = 0;
        if (plan_.more == 0) arguments[2] = 0;
        return {arguments, std::span{place.stack}.last(std::size_t{frames} * frame_bytes),
                {&helper, 1}};
    }

    std::string hold(const verify::Verdict& verdict) {
        const std::string compiling = compile();
        if (!compiling.empty()) return compiling;
        for (const std::uint32_t bytes :
             {plan_.bytes_min, (plan_.bytes_min + plan_.bytes_max) / 2, plan_.bytes_max}) {
            fill(here_, bytes, 0x00);
            const Outcome checked = interpret_checked(
                code_, run_in(here_, verdict.frames_max), windows_, verdict.steps_max);
            if (checked.fault.reason != CodeReason::none) {
                return std::string{"accepted, but at "} +
                       std::to_string(checked.fault.instruction) + ": " +
                       text_of(checked.fault.reason);
            }
            const Outcomes first{checked.result, here_.bytes, here_.more};
            fill(there_, bytes, 0xa5);
            const std::uint64_t trusted = interpret(code_, run_in(there_, verdict.frames_max));
            if (Outcomes{trusted, there_.bytes, there_.more} != first) {
                return "the interpreter computes another result elsewhere";
            }
            fill(here_, bytes, 0x5a);
            const kernel::code::Run run = run_in(here_, verdict.frames_max);
            const auto entry = reinterpret_cast<jit::Entry>(compiled_->memory().data());
            const std::uint64_t native =
                entry(&run.arguments, run.stack.data() + run.stack.size());
            if (Outcomes{native, here_.bytes, here_.more} != first) {
                return "compiled code computes another result";
            }
        }
        return {};
    }

    std::string compile() {
        std::vector<std::byte> output(jit::output_bytes_max(code_.size()));
        std::vector<std::uint32_t> offsets(code_.size());
        const auto compiled = jit::compile(code_, {&helper, 1}, offsets, output);
        if (compiled.fault.reason != CodeReason::none) return "accepted, but not compiled";
        auto memory = sim::host::CodeMemory::create(compiled.bytes);
        if (!memory) return memory.error();
        compiled_ = std::make_unique<sim::host::CodeMemory>(std::move(*memory));
        std::memcpy(compiled_->memory().data(), output.data(), compiled.bytes);
        return compiled_->seal() ? "" : "code memory is not sealed";
    }

    Plan plan_;
    const Code& code_;
    std::array<WindowRule, 2> rules_{{{plan_.bytes_min, plan_.bytes_max, plan_.writable},
                                      {plan_.more, plan_.more, false}}};
    Contract contract_{.windows = rules_,
                       .helpers = {&helper, 1},
                       .steps_max = 4000,
                       .explored_max = 8000};
    std::vector<std::byte> memory_ = std::vector<std::byte>(std::size_t{96} << 10);
    Place here_, there_;
    std::array<Window, 2> windows_;
    std::unique_ptr<sim::host::CodeMemory> compiled_;
};

}  // namespace

bool code_accepted() { return accepted_last; }

std::string run_code(std::span<const std::uint8_t> input) {
    accepted_last = false;
    if (input.size() < 8) return {};
    const auto program = input.subspan(8);
    Code code(std::min<std::size_t>(program.size() / sizeof(Instruction), 512));
    if (!code.empty()) std::memcpy(code.data(), program.data(), code.size() * sizeof code[0]);
    return Examination{plan_of(input), code}.run();
}

}  // namespace tests::fuzz
