#include "kernel/bare/x86_64/panic.hpp"

#include <atomic>
#include <cstdint>

#include "kernel/bare/x86_64/console.hpp"
#include "kernel/bare/x86_64/core_state.hpp"
#include "kernel/bare/x86_64/cores.hpp"
#include "kernel/bare/x86_64/ports.hpp"
#include "kernel/bare/x86_64/power.hpp"
#include "kernel/base/assert.hpp"

extern "C" const char chitin_text_begin[], chitin_rodata_begin[];
extern "C" const char chitin_kernel_stack_top[];

namespace kernel::bare {
namespace {

// The compact symbol table that symbols.awk makes: the low halves of addresses, ascending, and
// where each name begins. In the first of the two links it is absent.
struct SymbolTable {
    std::uint32_t magic;
    std::uint32_t count;
    struct {
        std::uint32_t address;
        std::uint32_t name;  // from the table's begin
    } symbols[];
};
constexpr std::uint32_t symbols_magic = 0x736d7973;
extern "C" const SymbolTable chitin_symbols;
extern "C" const char chitin_symbols_end[];

// What trap_in_kernel pushed.
struct TrapFrame {
    std::uint64_t place, error, rip, cs, rflags, rsp, ss;
};

constexpr unsigned backtrace_max = 32;
constexpr std::uint64_t stack_bytes = 16 << 10;  // kernel.ld

std::uint64_t number(const void* address) { return reinterpret_cast<std::uint64_t>(address); }

bool in_text(std::uint64_t address) {
    return address >= number(chitin_text_begin) && address < number(chitin_rodata_begin);
}

void put_name(std::uint64_t address) {
    const SymbolTable& table = chitin_symbols;
    if (number(chitin_symbols_end) <= number(&table) + sizeof table ||
        table.magic != symbols_magic) {
        return;
    }
    const auto low = static_cast<std::uint32_t>(address);
    std::uint32_t found = table.count;
    for (std::uint32_t i = 0; i < table.count && table.symbols[i].address <= low; ++i) {
        found = i;
    }
    if (found == table.count) return;
    put(' ');
    put(reinterpret_cast<const char*>(&table) + table.symbols[found].name);
    put('+');
    put_decimal(low - table.symbols[found].address);
}

void put_word(const char* name, std::uint64_t value) {
    put(name);
    put_hex(value);
}

void put_place(std::uint64_t address) {
    put_word("#at ", address);
    if (in_text(address)) put_name(address);
    put('\n');
}

// Does a call instruction end right before `address`? (e8 rel32, or ff /2 in its short forms)
bool after_call(std::uint64_t address) {
    if (!in_text(address) || !in_text(address - 5)) return false;
    const auto* code = reinterpret_cast<const unsigned char*>(address);
    const auto indirect = [code](int at) {
        return code[at] == 0xff && (code[at + 1] & 0x38) == 0x10;
    };
    return code[-5] == 0xe8 || indirect(-2) || indirect(-3);
}

// The return addresses on the kernel's stack from `rsp` up. The kernel keeps no frame
// pointers, so a stale one may stand among them; none is left out.
void backtrace(std::uint64_t rsp) {
    const std::uint64_t top = number(chitin_kernel_stack_top);
    std::uint64_t at = rsp < top - stack_bytes ? top - stack_bytes : rsp & ~std::uint64_t{7};
    for (unsigned lines = 0; at < top && lines < backtrace_max; at += 8) {
        const std::uint64_t word = *reinterpret_cast<const std::uint64_t*>(at);
        if (!after_call(word)) continue;
        put_place(word);
        ++lines;
    }
}

[[noreturn]] void stop() { power_off(Exit::panicked); }

// The first core that panics speaks; the others stop.
void begin() {
    static constinit std::atomic<std::uint32_t> speaker = 0;
    const std::uint32_t self = this_core().id().value;
    std::uint32_t before = 0;
    if (!speaker.compare_exchange_strong(before, self + 1)) {
        if (before != self + 1) core_off();
        stop();  // a panic in a panic
    }
    console_seize();  // not given back: the others may take a moment to stop
    cores_stop();
    put("\n#panic ");
    if (self == 0) return;
    put("core ");
    put_decimal(self);
    put(": ");
}

// By vector, one after another (SDM volume 3, table 6-1); of reserved ones nothing.
constexpr char trap_names[] =
    "divide error\0debug exception\0NMI\0breakpoint\0overflow\0bound range\0"
    "invalid opcode\0device not available\0double fault\0\0invalid TSS\0"
    "segment not present\0stack fault\0general protection\0page fault\0\0"
    "x87 error\0alignment check\0machine check\0SIMD error";
constexpr std::uint32_t trap_names_count = 20;

const char* trap_name(std::uint32_t vector) {
    if (vector >= trap_names_count) return "";
    const char* name = trap_names;
    for (; vector > 0; --vector) {
        while (*name++ != 0) {
        }
    }
    return name;
}

}  // namespace

void panic(const char* message) {
    begin();
    put(message);
    put('\n');
    backtrace(number(__builtin_frame_address(0)));
    stop();
}

extern "C" [[noreturn]] void chitin_trap_panic(const TrapFrame& frame) {
    begin();
    put("trap in the kernel: ");
    const std::uint32_t vector = trap_vector(frame.place);
    put(trap_name(vector));
    put(" (vector ");
    put_decimal(vector);
    put_word(", error ", frame.error);
    put_word(", rip ", frame.rip);
    put_word(", rsp ", frame.rsp);
    put_word(", cr2 ", read_cr2());
    put(")\n");
    put_place(frame.rip);
    backtrace(frame.rsp);
    stop();
}

void refuse(const char* needs, std::uint64_t needed, const char* has, std::uint64_t there) {
    begin();
    put(needs);
    put_decimal(needed);
    put(has);
    put_decimal(there);
    put('\n');
    stop();
}

}  // namespace kernel::bare

namespace kernel::base {

void assert_failed(const char* file, int line) {
    bare::begin();
    bare::put("assertion failed: ");
    bare::put(file);
    bare::put(':');
    bare::put_decimal(static_cast<std::uint64_t>(line));
    bare::put('\n');
    bare::backtrace(bare::number(__builtin_frame_address(0)));
    bare::stop();
}

}  // namespace kernel::base
