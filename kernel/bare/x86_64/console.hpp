// The console: the first serial port, and the VGA text screen where the firmware left one.
#pragma once

#include <cstdint>
#include <string_view>

namespace kernel::bare {

inline constexpr std::uint16_t debug_console_port = 0xe9;  // QEMU's -debugcon: raw events

void console_start();
void put(char c);
void put(const char* text);
void put(std::string_view text);
void put_decimal(std::uint64_t value);
void put_hex(std::uint64_t value);

// Only for people: the screen shows what the serial line says, once it is mapped.
void screen_start();

}  // namespace kernel::bare
