#include "kernel/bare/x86_64/panic.hpp"

#include <cstdint>
#include <iterator>

#include "kernel/bare/x86_64/console.hpp"
#include "kernel/bare/x86_64/ports.hpp"
#include "kernel/bare/x86_64/power.hpp"
#include "kernel/base/assert.hpp"

extern "C" const char chitin_text_begin[], chitin_rodata_begin[];
extern "C" const char chitin_guards_begin[], chitin_data_end[];

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
    std::uint64_t rbp, vector, error, rip, cs, rflags, rsp, ss;
};

struct CallFrame {
    const CallFrame* caller;
    std::uint64_t return_address;
};

constexpr unsigned backtrace_max = 32;

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

void put_place(std::uint64_t address) {
    put("#at ");
    put_hex(address);
    if (in_text(address)) put_name(address);
    put('\n');
}

bool on_a_stack(const CallFrame* frame) {
    return number(frame) >= number(chitin_guards_begin) &&
           number(frame) + sizeof *frame <= number(chitin_data_end) && number(frame) % 8 == 0;
}

// `readable_from`: frames below (a stack that overflowed) cannot be read.
void backtrace(const CallFrame* frame, std::uint64_t readable_from) {
    for (unsigned i = 0; i < backtrace_max; ++i) {
        if (!on_a_stack(frame) || number(frame) < readable_from) return;
        if (!in_text(frame->return_address)) return;
        put_place(frame->return_address);
        frame = frame->caller;
    }
}

[[noreturn]] void stop() { power_off(Exit::panicked); }

void begin() {
    static constinit bool again = false;
    if (again) stop();  // a panic in a panic
    again = true;
    put("\n#panic ");
}

constexpr std::string_view trap_names[] = {
    "divide error", "debug exception", "NMI", "breakpoint", "overflow", "bound range",
    "invalid opcode", "device not available", "double fault", "", "invalid TSS",
    "segment not present", "stack fault", "general protection", "page fault", "",
    "x87 error", "alignment check", "machine check", "SIMD error"};

}  // namespace

void panic(std::string_view message) {
    begin();
    put(message);
    put('\n');
    backtrace(static_cast<const CallFrame*>(__builtin_frame_address(0)), 0);
    stop();
}

extern "C" [[noreturn]] void chitin_trap_panic(const TrapFrame& frame) {
    begin();
    put("trap in the kernel: ");
    if (frame.vector < std::size(trap_names)) put(trap_names[frame.vector]);
    put(" (vector ");
    put_decimal(frame.vector);
    put(", error ");
    put_hex(frame.error);
    put(", rip ");
    put_hex(frame.rip);
    put(", rsp ");
    put_hex(frame.rsp);
    put(", cr2 ");
    put_hex(read_cr2());
    put(")\n");
    put_place(frame.rip);
    // The word at rsp is the caller of a function that has no frame yet (a stack overflow's
    // push faults right there), but an unmapped stack must not be read.
    backtrace(reinterpret_cast<const CallFrame*>(frame.rbp), frame.rsp);
    stop();
}

}  // namespace kernel::bare

namespace kernel::base {

void assert_failed(const char* expression, const char* file, int line) {
    bare::begin();
    bare::put("assertion failed: ");
    bare::put(expression);
    bare::put(" at ");
    bare::put(file);
    bare::put(':');
    bare::put_decimal(static_cast<std::uint64_t>(line));
    bare::put('\n');
    bare::backtrace(static_cast<const bare::CallFrame*>(__builtin_frame_address(0)), 0);
    bare::stop();
}

}  // namespace kernel::base
