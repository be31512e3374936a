#include "tests/unit/kernel/tiny_programs.hpp"

#include "kernel/abi/info.hpp"
#include "kernel/abi/rights.hpp"
#include "kernel/abi/start.hpp"
#include "kernel/abi/upcall.hpp"
#include "sim/machine/programs.hpp"

using kernel::abi::Call;
using kernel::abi::CallResult;
using kernel::abi::Rights;
using kernel::abi::StartBlock;
using kernel::abi::UpcallPage;

extern "C" CallResult chitin_gate(std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t,
                                  std::uint64_t, std::uint64_t, std::uint64_t);

namespace tests::kernel_parts {

Seen seen;

namespace {

constexpr std::uint64_t read_write = static_cast<std::uint64_t>(Rights::read | Rights::write);

CallResult call(Call number, std::uint64_t a = 0, std::uint64_t b = 0, std::uint64_t c = 0,
                std::uint64_t d = 0, std::uint64_t e = 0, std::uint64_t f = 0) {
    return chitin_gate(a, b, c, d, e, f, static_cast<std::uint64_t>(number));
}

[[noreturn]] void leave(std::uint64_t code) {
    for (;;) call(Call::env_exit, code);
}

// Allocates a frame into `slot` and maps it read-write.
void map_at(std::uint64_t slot, std::uint64_t address) {
    seen.frame = call(Call::frame_allocate, 1, slot, 0xffff'ffff).value;
    seen.mapped_status = call(Call::map, 0, slot, address, read_write).status;
}

[[noreturn]] void greet(StartBlock& block) {
    seen.null_status = call(Call::null).status;
    seen.bad_call_status = chitin_gate(0, 0, 0, 0, 0, 0, 4711).status;
    seen.magic = reinterpret_cast<kernel::abi::SystemInfo*>(block.info)->magic;
    const std::uint64_t page = block.space_base + 0x180000;
    map_at(block.first_free_slot, page);
    *reinterpret_cast<volatile std::uint64_t*>(page) = 42;
    seen.unmap_value = call(Call::unmap, 0, block.first_free_slot, 7).value;
    leave(0);
}

// Maps the page that faulted and goes back by itself.
extern "C" void tiny_handler(StartBlock* block, UpcallPage* page) {
    seen.faults++;
    seen.fault_address = page->address;
    seen.fault_error = page->error;
    map_at(block->first_free_slot + 5, page->address & ~std::uint64_t{4095});
    *reinterpret_cast<volatile std::uint64_t*>(page->address) = 1234;
}

extern "C" void tiny_entry();
extern "C" void tiny_resume_begin();
extern "C" void tiny_resume_end();
asm(R"(
    .text
tiny_entry:
    push %rsi
    call tiny_handler
    pop %rbp
    fninit
tiny_resume_begin:
    movl $0, (%rbp)
    mov %rbp, %rsp
    add $72, %rsp
    pop %rax
    pop %rbx
    pop %rcx
    pop %rdx
    pop %rsi
    pop %rdi
    pop %rbp
    pop %r8
    pop %r9
    pop %r10
    pop %r11
    pop %r12
    pop %r13
    pop %r14
    pop %r15
    iretq
tiny_resume_end:
    nop
)");

[[noreturn]] void fault(StartBlock& block) {
    const std::uint64_t vector = block.space_base + 0x180000;
    map_at(block.first_free_slot, vector);
    map_at(block.first_free_slot + 1, vector + 4096);
    auto& page = *reinterpret_cast<UpcallPage*>(vector);
    page.handler = reinterpret_cast<std::uint64_t>(&tiny_entry);
    page.stack_top = vector + 8192;
    page.cookie = reinterpret_cast<std::uint64_t>(&block);
    page.resume_begin = reinterpret_cast<std::uint64_t>(&tiny_resume_begin);
    page.resume_end = reinterpret_cast<std::uint64_t>(&tiny_resume_end);
    call(Call::env_vector, 0, block.first_free_slot);
    seen.value_read = *reinterpret_cast<volatile std::uint64_t*>(vector + 16384);
    leave(3);
}

[[noreturn]] void crash(StartBlock& block) {
    *reinterpret_cast<volatile std::uint64_t*>(block.space_base) = 1;  // no vector: the end
    leave(9);
}

}  // namespace
}  // namespace tests::kernel_parts

std::span<const kernel::abi::ProgramInfo> sim::machine::hosted_programs() {
    using namespace tests::kernel_parts;
    static const kernel::abi::ProgramInfo programs[] = {
        {"greet", reinterpret_cast<std::uint64_t>(&greet)},
        {"fault", reinterpret_cast<std::uint64_t>(&fault)},
        {"crash", reinterpret_cast<std::uint64_t>(&crash)},
    };
    return programs;
}
