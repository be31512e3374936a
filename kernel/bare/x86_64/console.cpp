// 16550: National Semiconductor's data sheet, section 8. Text mode: IBM VGA, 80 x 25.
#include "kernel/bare/x86_64/console.hpp"

#include <atomic>

#include "kernel/bare/x86_64/layout.hpp"
#include "kernel/bare/x86_64/ports.hpp"

namespace kernel::bare {
namespace {

constexpr std::uint16_t com1 = 0x3f8;
constexpr std::uint16_t line_status = com1 + 5;
constexpr std::uint8_t transmitter_empty = 0x20;
constexpr unsigned fifo_bytes = 16;
constexpr unsigned polls_max = 1'000'000;  // a port that is not there must not hang us

constexpr unsigned screen_columns = 80;
constexpr unsigned screen_rows = 25;
constexpr std::uint16_t light_grey = 0x0700;

constinit std::atomic<bool> locked = false;
constinit unsigned fifo_room = 0;
constinit unsigned screen_column = 0;
constinit bool screen_on = false;

void serial_put(char c) {
    if (fifo_room == 0) {
        for (unsigned poll = 0; poll < polls_max && !(in8(line_status) & transmitter_empty);
             ++poll) {
        }
        fifo_room = fifo_bytes;
    }
    --fifo_room;
    out8(com1, static_cast<std::uint8_t>(c));
}

// Writes on the lowest row; a newline moves all rows up.
void screen_put(char c) {
    auto* cells = reinterpret_cast<volatile std::uint16_t*>(screen_address);
    constexpr unsigned last_row = (screen_rows - 1) * screen_columns;
    if (c == '\n' || screen_column == screen_columns) {
        for (unsigned i = 0; i < last_row; ++i) cells[i] = cells[i + screen_columns];
        for (unsigned i = 0; i < screen_columns; ++i) cells[last_row + i] = light_grey | ' ';
        screen_column = 0;
    }
    if (c != '\n') {
        cells[last_row + screen_column++] =
            static_cast<std::uint16_t>(light_grey | static_cast<unsigned char>(c));
    }
}

}  // namespace

void console_start() {
    constexpr std::uint8_t divisor_access = 0x80, bits_8n1 = 0x03, fifo_on = 0x07;
    constexpr std::uint8_t settings[] = {
        1, 0,  // register, value: no interrupts
        3, divisor_access,
        0, 1,  // 115200 baud
        1, 0,
        3, bits_8n1,
        2, fifo_on,
        4, 3,
    };
    for (unsigned i = 0; i < sizeof settings; i += 2) {
        out8(static_cast<std::uint16_t>(com1 + settings[i]), settings[i + 1]);
    }
}

bool console_take(std::uint32_t tries) {
    while (tries-- > 0) {
        if (!locked.exchange(true, std::memory_order_acquire)) return true;
        __builtin_ia32_pause();
    }
    return false;
}

ConsoleLock::ConsoleLock() {
    while (!console_take(1)) {
    }
}
ConsoleLock::~ConsoleLock() { locked.store(false, std::memory_order_release); }

void console_seize() {
    constexpr std::uint32_t tries = 1 << 20;  // a line's time
    console_take(tries);
}

void screen_start() { screen_on = true; }

void put(char c) {
    serial_put(c);
    if (screen_on) screen_put(c);
}

void put(const char* text) {
    while (*text != 0) put(*text++);
}

void put(std::string_view text) {
    for (const char c : text) put(c);
}

void put_decimal(std::uint64_t value) {
    char digits[20];
    unsigned count = 0;
    do {
        digits[count++] = static_cast<char>('0' + value % 10);
        value /= 10;
    } while (value != 0);
    while (count > 0) put(digits[--count]);
}

void put_hex(std::uint64_t value) {
    put("0x");
    unsigned shift = 60;
    while (shift > 0 && value >> shift == 0) shift -= 4;
    for (;; shift -= 4) {
        put("0123456789abcdef"[value >> shift & 15]);
        if (shift == 0) return;
    }
}

}  // namespace kernel::bare
