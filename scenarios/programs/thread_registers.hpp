// Do registers keep their values over a trap whose handler lets another thread run?
#pragma once

#include <cstdint>

namespace scenarios::programs {

// Fills every general register but rsp and six of SSE with values that depend on `seed`, sets the
// carry flag, writes into the red zone, traps (ud2), and compares all of them afterwards.
inline bool registers_survive_trap(std::uint64_t seed) {
    std::uint64_t wrong;
    asm volatile(
        "lea -128(%%rsp), %%rsp\n push %%rbp\n"  // the compiler's own red zone
        "mov %%rdi, -8(%%rsp)\n"  // the red zone is in use
        "lea 1(%%rdi), %%rbx\n lea 2(%%rdi), %%rcx\n lea 3(%%rdi), %%rdx\n"
        "lea 4(%%rdi), %%rsi\n lea 5(%%rdi), %%rbp\n lea 8(%%rdi), %%r8\n"
        "lea 9(%%rdi), %%r9\n lea 10(%%rdi), %%r10\n lea 11(%%rdi), %%r11\n"
        "lea 12(%%rdi), %%r12\n lea 13(%%rdi), %%r13\n lea 14(%%rdi), %%r14\n"
        "lea 15(%%rdi), %%r15\n lea 16(%%rdi), %%rax\n"
        "movq %%rbx, %%xmm0\n movq %%rcx, %%xmm1\n movq %%rdx, %%xmm7\n"
        "movq %%r8, %%xmm8\n movq %%r9, %%xmm14\n movq %%r10, %%xmm15\n"
        "stc\n"
        "ud2\n"
        "jnc 1f\n"
        "sub %%rdi, %%rbx\n sub %%rdi, %%rcx\n sub %%rdi, %%rdx\n sub %%rdi, %%rsi\n"
        "sub %%rdi, %%rbp\n sub %%rdi, %%r8\n sub %%rdi, %%r9\n sub %%rdi, %%r10\n"
        "sub %%rdi, %%r11\n sub %%rdi, %%r12\n sub %%rdi, %%r13\n sub %%rdi, %%r14\n"
        "sub %%rdi, %%r15\n sub %%rdi, %%rax\n"
        "cmp $1, %%rbx\n jne 1f\n cmp $2, %%rcx\n jne 1f\n cmp $3, %%rdx\n jne 1f\n"
        "cmp $4, %%rsi\n jne 1f\n cmp $5, %%rbp\n jne 1f\n cmp $8, %%r8\n jne 1f\n"
        "cmp $9, %%r9\n jne 1f\n cmp $10, %%r10\n jne 1f\n cmp $11, %%r11\n jne 1f\n"
        "cmp $12, %%r12\n jne 1f\n cmp $13, %%r13\n jne 1f\n cmp $14, %%r14\n jne 1f\n"
        "cmp $15, %%r15\n jne 1f\n cmp $16, %%rax\n jne 1f\n"
        "cmp %%rdi, -8(%%rsp)\n jne 1f\n"
        "movq %%xmm0, %%rbx\n movq %%xmm1, %%rcx\n movq %%xmm7, %%rdx\n"
        "movq %%xmm8, %%r8\n movq %%xmm14, %%r9\n movq %%xmm15, %%r10\n"
        "sub %%rdi, %%rbx\n sub %%rdi, %%rcx\n sub %%rdi, %%rdx\n"
        "sub %%rdi, %%r8\n sub %%rdi, %%r9\n sub %%rdi, %%r10\n"
        "cmp $1, %%rbx\n jne 1f\n cmp $2, %%rcx\n jne 1f\n cmp $3, %%rdx\n jne 1f\n"
        "cmp $8, %%r8\n jne 1f\n cmp $9, %%r9\n jne 1f\n cmp $10, %%r10\n jne 1f\n"
        "xor %%eax, %%eax\n jmp 2f\n"
        "1: mov $1, %%eax\n"
        "2: pop %%rbp\n lea 128(%%rsp), %%rsp\n"
        : "=a"(wrong), "+D"(seed)
        :
        : "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
          "xmm0", "xmm1", "xmm7", "xmm8", "xmm14", "xmm15", "cc", "memory");
    return wrong == 0;
}

}  // namespace scenarios::programs
