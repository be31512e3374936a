// [intel/vol3] 3.4.5 (segment descriptors), 6.14 (64-bit interrupts), 5.8.8 (syscall).
#include "kernel/bare/x86_64/descriptors.hpp"

#include <cstdint>
#include <cstring>

#include "kernel/bare/x86_64/apic.hpp"
#include "kernel/bare/x86_64/core_state.hpp"
#include "kernel/bare/x86_64/layout.hpp"
#include "kernel/bare/x86_64/ports.hpp"

extern "C" char chitin_double_fault_stack_top[];
extern "C" char chitin_nmi_stack_top[];
extern "C" char chitin_machine_check_stack_top[];

namespace kernel::bare {

extern "C" {
CHITIN_OWN CoreState chitin_core_state{};
}

namespace {

constexpr unsigned gates = wake_vector + 1;

struct Gate {  // [intel/vol3] figure 6-8
    std::uint16_t offset, selector;
    std::uint8_t stack, type;
    std::uint16_t offset_middle;
    std::uint32_t offset_high, reserved;
};
static_assert(sizeof(Gate) == 16);

struct [[gnu::packed]] TablePointer {
    std::uint16_t limit;
    std::uint64_t base;
};

constexpr std::uint64_t segments[] = {
    0,
    0x00af'9b00'0000'ffff,  // kernel code, 64 bits
    0x00cf'9300'0000'ffff,  // kernel data
    0x00cf'f300'0000'ffff,  // user data
    0x00af'fb00'0000'ffff,  // user code, 64 bits
};
CHITIN_OWN std::uint64_t gdt[7] = {};  // the segments and, in two words, the TSS
constinit Gate idt[gates] = {};        // all cores'

std::uint64_t address_of(const void* object) { return reinterpret_cast<std::uint64_t>(object); }

void load_gdt() {
    std::memcpy(gdt, segments, sizeof segments);
    TaskState& tss = chitin_core_state.tss;
    tss.ist[0] = address_of(chitin_double_fault_stack_top);
    tss.ist[1] = address_of(chitin_nmi_stack_top);
    tss.ist[2] = address_of(chitin_machine_check_stack_top);
    tss.io_map_base = sizeof(TaskState);  // no port is an environment's
    const std::uint64_t base = address_of(&tss);
    gdt[5] = (sizeof(TaskState) - 1) | (base & 0xff'ffff) << 16 | std::uint64_t{0x89} << 40 |
             (base >> 24 & 0xff) << 56;
    gdt[6] = base >> 32;
    const TablePointer pointer{sizeof gdt - 1, address_of(gdt)};
    asm volatile(
        "lgdt %0\n"
        "pushq %1\n"
        "leaq 1f(%%rip), %%rax\n"
        "pushq %%rax\n"
        "lretq\n"
        "1: mov %2, %%ss\n"
        "ltr %3\n"
        :
        : "m"(pointer), "i"(kernel_code), "r"(std::uint32_t{kernel_data}),
          "r"(task_state)
        : "rax", "memory");
}

}  // namespace

void descriptors_make() {
    constexpr std::uint8_t interrupt = 0x8e, from_anywhere = 0xee;
    std::uint64_t stub = address_of(chitin_trap_stubs);
    for (Gate& gate : idt) {
        gate.offset = static_cast<std::uint16_t>(stub);
        gate.selector = kernel_code;
        gate.type = interrupt;
        gate.offset_middle = static_cast<std::uint16_t>(stub >> 16);
        gate.offset_high = image_base >> 32;
        stub += trap_stub_size;
    }
    idt[3].type = idt[4].type = from_anywhere;  // int3, into
    idt[8].stack = 1;
    idt[2].stack = 2;
    idt[18].stack = 3;
}

namespace {

void load_idt() {
    const TablePointer pointer{sizeof idt - 1, address_of(idt)};
    asm volatile("lidt %0" : : "m"(pointer));
}

void load_syscall() {
    constexpr std::uint32_t star = 0xc000'0081, lstar = 0xc000'0082, mask = 0xc000'0084;
    constexpr std::uint64_t all_flags_but_the_fixed_one = 0x3f'7fd5;
    write_msr(star, std::uint64_t{kernel_code} << 32 | std::uint64_t{kernel_data} << 48);
    write_msr(lstar, address_of(reinterpret_cast<const void*>(&chitin_syscall_entry)));
    write_msr(mask, all_flags_but_the_fixed_one);
}

}  // namespace

void descriptors_load() {
    load_gdt();
    load_idt();
    load_syscall();
}

}  // namespace kernel::bare
