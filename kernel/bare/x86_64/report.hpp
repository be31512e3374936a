// The report: what the machine says on the serial line, one line a fact, for a program that
// listens (sim/testbed/boot/protocol.hpp is the reader) and for a person.
//
//   #cell <cell> begin
//   #result|#text <cell> <env> <bytes, escaped>      \\ \n and \xHH; a piece, not always a line
//   #env <cell> <env> <15 fields of EnvInfo, in order>
//   #cell <cell> end <exit> <reason> <time_ns> <events> <frames_lost>
//   #done <cells> <failed>
//   #panic <message>     then #at <address> <name+offset> lines
//
// Numbers are decimal, addresses 0x hexadecimal. Other lines are for people. <env> is
// abi::machine_wide. Cores take turns, a line each.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernel/abi/info.hpp"
#include "kernel/machine/boot_info.hpp"

namespace kernel::bare {

void report_begin(std::uint32_t cell);
void report_end(std::uint32_t cell, const machine::Outcome& outcome);
void report_done(std::uint32_t cells, std::uint32_t failed);
void report_output(std::uint32_t cell, abi::EnvId env, bool result, std::string_view text);
void report_env(std::uint32_t cell, abi::EnvId env, const abi::EnvInfo& info);

}  // namespace kernel::bare
