#include "kernel/bare/x86_64/report.hpp"

#include <initializer_list>

#include "kernel/bare/x86_64/console.hpp"

namespace kernel::bare {
namespace {

void put_numbers(std::initializer_list<std::uint64_t> numbers) {
    for (const std::uint64_t number : numbers) {
        put(' ');
        put_decimal(number);
    }
}

void put_escaped(char c) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') return put("\\n");
    if (c == '\\') return put("\\\\");
    if (byte >= ' ' && byte < 0x7f) return put(c);
    put("\\x");
    put("0123456789abcdef"[byte >> 4]);
    put("0123456789abcdef"[byte & 15]);
}

}  // namespace

static void put_cell(std::uint32_t cell, const char* what) {
    put("#cell");
    put_numbers({cell});
    put(what);
}

void report_begin(std::uint32_t cell) { put_cell(cell, " begin\n"); }

void report_end(std::uint32_t cell, const machine::Outcome& outcome) {
    put_cell(cell, " end");
    put_numbers({outcome.exit_code, static_cast<std::uint32_t>(outcome.reason), outcome.time_ns,
                 outcome.events, outcome.frames_lost});
    put('\n');
}

void report_done(std::uint32_t cells, std::uint32_t failed) {
    put("#done");
    put_numbers({cells, failed});
    put('\n');
}

void report_output(std::uint32_t cell, abi::EnvId env, bool result, std::string_view text) {
    const ConsoleLock whole_line;
    put(result ? "#result" : "#text");
    put_numbers({cell, env.value});
    put(' ');
    for (const char c : text) put_escaped(c);
    put('\n');
}

void report_env(std::uint32_t cell, abi::EnvId env, const abi::EnvInfo& info) {
    const ConsoleLock whole_line;
    put("#env");
    put_numbers({cell, env.value, static_cast<std::uint32_t>(info.state),
                 static_cast<std::uint32_t>(info.reason), info.exit_code, info.creator.value,
                 info.serial, info.account.value, info.frames_used, info.calls, info.upcalls,
                 info.faults, info.time_ns, info.history_hash, info.history_events,
                 info.repossessed, info.released});
    put('\n');
}

}  // namespace kernel::bare
