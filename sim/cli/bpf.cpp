// chitin bpf: downloaded code in the hand: verified, run, and read.
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sim/cli/command.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/exit_code.hpp"
#include "sim/testbed/bpf/disassembly.hpp"
#include "sim/testbed/bpf/hex.hpp"
#include "sim/testbed/bpf/program_file.hpp"
#include "sim/testbed/bpf/trial.hpp"

namespace sim::cli {

namespace {

using kernel::code::CodeFault;
using kernel::code::CodeReason;
using kernel::code::Instruction;
using testbed::bpf::Mode;
using testbed::bpf::Promise;
using testbed::bpf::TrialEnd;
using Json = nlohmann::ordered_json;

struct Request {
    std::string program = "-";
    std::string positional_memory;
    std::string memory;
    std::string length = "0..65535";
    testbed::bpf::ElfChoice choice;
    std::uint32_t steps = 1'000'000;
    bool read_only = false;
    bool compile = false;
    bool interpret = false;
    bool unverified = false;
    bool json = false;
};

int complain(int code, const std::string& what) {
    fmt::print(stderr, "chitin bpf: {}\n", what);
    return code;
}

std::expected<std::uint32_t, std::string> whole_number(std::string_view text) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool good = error == std::errc{} && end == text.data() + text.size() &&
                      number <= kernel::code::window_bytes_max;
    if (good) return number;
    return std::unexpected(fmt::format("--length: expected bytes, N or MIN..MAX, each at most {}, "
                                       "found \"{}\"",
                                       kernel::code::window_bytes_max, text));
}

std::expected<Promise, std::string> promise_of(const Request& request) {
    Promise promise{.writable = !request.read_only, .steps_max = request.steps};
    const auto dots = request.length.find("..");
    const auto least = whole_number(request.length.substr(0, dots));
    if (!least) return std::unexpected(least.error());
    promise.bytes_min = promise.bytes_max = *least;
    if (dots == std::string::npos) return promise;
    const auto most = whole_number(request.length.substr(dots + 2));
    if (!most) return std::unexpected(most.error());
    promise.bytes_max = *most;
    if (*most >= *least) return promise;
    return std::unexpected(fmt::format("--length {}: expected MIN at most MAX", request.length));
}

std::string where(std::span<const Instruction> units, const CodeFault& fault) {
    const std::string reason = text_of(fault.reason);
    if (fault.instruction >= units.size()) return reason;
    return fmt::format("instruction {}: {}: {}", fault.instruction, reason,
                       testbed::bpf::text_of(units, fault.instruction));
}

void add_fault(Json& json, const CodeFault& fault) {
    if (fault.reason == CodeReason::none) return;
    json["reason"] = text_of(fault.reason);
    json["instruction"] = fault.instruction;
}

void add_verdict(Json& json, const kernel::code::verify::Verdict& verdict) {
    json["accepted"] = verdict.accepted();
    add_fault(json, verdict.fault);
    json["explored"] = verdict.explored;
    if (!verdict.accepted()) return;
    json["steps_max"] = verdict.steps_max;
    json["frames"] = verdict.frames_max;
}

int verify(const Request& request) {
    const auto promise = promise_of(request);
    if (!promise) return complain(exit_usage, promise.error());
    const auto units = testbed::bpf::read_program(request.program, request.choice);
    if (!units) return complain(exit_usage, units.error());
    const auto verdict = testbed::bpf::verdict_of(*units, *promise);
    if (request.json) {
        Json json;
        add_verdict(json, verdict);
        fmt::print("{}\n", json.dump());
    } else if (verdict.accepted()) {
        fmt::print("accepted: at most {} instructions a run, {} of stack\n", verdict.steps_max,
                   fmt::format("{} bytes", verdict.frames_max * kernel::code::frame_bytes));
    }
    if (verdict.accepted()) return exit_ok;
    return complain(exit_failed, "refused: " + where(*units, verdict.fault));
}

// The conformance suite's plugins get the memory as their first argument, and the program on
// standard input: so does this where the first argument is no file, but hexadecimal.
void follow_plugin_convention(Request& request) {
    const bool memory_first = request.program != "-" && request.positional_memory.empty() &&
                              testbed::bpf::only_hex(request.program) &&
                              !std::filesystem::exists(request.program);
    if (!memory_first) return;
    request.positional_memory = request.program;
    request.program = "-";
}

void print_end(const Request& request, const TrialEnd& end, Mode mode,
               std::span<const std::byte> memory) {
    const bool ran = end.fault.reason == CodeReason::none;
    if (!request.json) {
        if (ran) fmt::print("{:#x}\n", end.result);
        return;
    }
    constexpr const char* modes[] = {"interpreted", "compiled", "checked"};
    Json json;
    json["mode"] = modes[static_cast<unsigned>(mode)];
    add_fault(json, end.fault);
    if (ran) json["r0"] = fmt::format("{:#x}", end.result);
    if (mode == Mode::checked) {
        json["steps"] = end.steps;
    } else if (end.verdict.accepted()) {
        json["steps_max"] = end.verdict.steps_max;
    }
    if (mode == Mode::compiled && ran) json["code_bytes"] = end.code_bytes;
    json["memory"] = testbed::bpf::hex_of(memory);
    fmt::print("{}\n", json.dump());
}

int run(Request request) {
    follow_plugin_convention(request);
    if (!request.memory.empty() && !request.positional_memory.empty()) {
        return complain(exit_usage, "the memory is given twice: expected it as the second "
                                    "argument or with --memory");
    }
    const std::string& hex = request.memory + request.positional_memory;
    auto memory = testbed::bpf::bytes_of_hex(hex);
    if (!memory) return complain(exit_usage, "memory: " + memory.error());
    const auto units = testbed::bpf::read_program(request.program, request.choice);
    if (!units) return complain(exit_usage, units.error());
    const auto size = static_cast<std::uint32_t>(memory->size());
    const Promise promise{.bytes_min = size,
                          .bytes_max = size,
                          .writable = !request.read_only,
                          .steps_max = request.steps};
    const Mode mode = request.unverified ? Mode::checked
                      : request.compile  ? Mode::compiled
                                         : Mode::interpreted;
    const auto end = testbed::bpf::try_program(*units, *memory, promise, mode);
    if (!end) return complain(exit_failed, end.error());
    print_end(request, *end, mode, *memory);
    if (end->fault.reason == CodeReason::none) return exit_ok;
    return complain(exit_failed, (mode == Mode::checked ? "stopped: " : "refused: ") +
                                     where(*units, end->fault));
}

int disassemble(const Request& request) {
    const auto units = testbed::bpf::read_program(request.program, request.choice);
    if (!units) return complain(exit_usage, units.error());
    fmt::print("{}", testbed::bpf::listing(*units));
    return exit_ok;
}

void add_program(Command& command, Request& request) {
    command.add_option("program", request.program,
                       "ELF object of clang -target bpf, hexadecimal text or raw instructions; "
                       "-: standard input")
        ->capture_default_str();
    command.add_option("--section", request.choice.section, "Which code section of an ELF object");
    command.add_option("--function", request.choice.function,
                       "Which global function of an ELF object");
}

void add_promise(Command& command, Request& request) {
    command.add_flag("--read-only", request.read_only, "The memory may not be written");
    command
        .add_option("--steps", request.steps,
                    "The most instructions that a run may execute")
        ->capture_default_str();
    command.add_flag("--json", request.json, "One JSON object");
}

void add_verify_command(Command& bpf, int& exit_code) {
    auto request = std::make_shared<Request>();
    Command* const command = bpf.add_subcommand(
        "verify", "Prove that a program keeps to its memory and ends, or say why not");
    add_program(*command, *request);
    command->add_option("--length", request->length, "Bytes of memory: N, or MIN..MAX")
        ->capture_default_str();
    add_promise(*command, *request);
    command->footer("Examples:\n"
                    "  clang -O2 -target bpf -mcpu=v3 -c filter.c -o filter.o\n"
                    "  chitin bpf verify filter.o --length 60..1514 --read-only\n"
                    "  chitin bpf verify filter.o --json | jq .steps_max\n"
                    "\nExit codes: 0 accepted, 1 refused, 2 wrong usage or no such program.");
    command->callback([request, &exit_code] { exit_code = verify(*request); });
}

void add_run_command(Command& bpf, int& exit_code) {
    auto request = std::make_shared<Request>();
    Command* const command =
        bpf.add_subcommand("run", "Verify a program, run it, print r0 in hexadecimal");
    add_program(*command, *request);
    command->add_option("memory", request->positional_memory,
                        "The memory, in hexadecimal: r1 = its address, r2 = its length");
    command->add_option("-m,--memory", request->memory, "The same");
    auto* const jit = command->add_flag("--jit", request->compile, "Compile it to x86-64");
    command->add_flag("--interpret", request->interpret, "Interpret it (the default)");
    command->add_flag("--unverified", request->unverified,
                      "Do not verify: interpret with every access and step checked");
    jit->excludes("--interpret")->excludes("--unverified");
    add_promise(*command, *request);
    command->footer(
        "Examples:\n"
        "  chitin bpf run filter.o --memory \"45 00 00 54\" --jit\n"
        "  echo b7000000070000009500000000000000 | chitin bpf run\n"
        "  echo 71100100000000009500000000000000 | chitin bpf run \"aa bb\"   as the\n"
        "      conformance suite calls its plugins: memory as argument, program as input\n"
        "\nOne helper is offered: 5 returns its argument.\n"
        "Exit codes: 0 it ran, 1 refused or stopped, 2 wrong usage or no such program.");
    command->callback([request, &exit_code] { exit_code = run(*request); });
}

void add_disasm_command(Command& bpf, int& exit_code) {
    auto request = std::make_shared<Request>();
    Command* const command = bpf.add_subcommand("disasm", "Print a program's instructions");
    add_program(*command, *request);
    command->footer("Example:\n  chitin bpf disasm filter.o --function filter");
    command->callback([request, &exit_code] { exit_code = disassemble(*request); });
}

}  // namespace

void add_bpf(Command& app, int& exit_code) {
    Command* const bpf =
        app.add_subcommand("bpf", "Verify, run or read eBPF programs, as the kernel would");
    bpf->require_subcommand();
    bpf->footer("Examples:\n"
                "  chitin bpf verify filter.o --length 60..1514 --read-only\n"
                "  chitin bpf run filter.o --memory \"45 00 00 54\" --jit\n"
                "  chitin bpf disasm filter.o");
    add_verify_command(*bpf, exit_code);
    add_run_command(*bpf, exit_code);
    add_disasm_command(*bpf, exit_code);
}

}  // namespace sim::cli
