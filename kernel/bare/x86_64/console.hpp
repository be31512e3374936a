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

// Keeps other cores' lines and records out of one. put() itself takes no lock: a panic must speak.
class ConsoleLock {
public:
    ConsoleLock();
    ~ConsoleLock();
    ConsoleLock(const ConsoleLock&) = delete;
    ConsoleLock& operator=(const ConsoleLock&) = delete;
};
// For a panic: gives up after a while, since the one that holds it may have come to grief.
void console_seize();

// Only for people: the screen shows what the serial line says, once it is mapped.
void screen_start();

}  // namespace kernel::bare
