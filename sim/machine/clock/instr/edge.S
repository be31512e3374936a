# What compiled code calls at each edge (g++ -fsanitize-coverage=trace-pc): time passes, and an
# environment whose time is up goes to the kernel.
#
# The compiler takes it for a function of the C calling convention, so whatever such a function may
# change is dead here: it can leave as a call does (../../gate.S), and come back with the registers
# that a function preserves.
#
# Offsets: CoreClock (core_clock.hpp): 0 now, 8 until, 16 time is up. UserContext: see ../../gate.S.

    .text
    .globl __sanitizer_cov_trace_pc
    .type __sanitizer_cov_trace_pc, @function
    .balign 64
__sanitizer_cov_trace_pc:
    mov %fs:chitin_clock@tpoff, %rax
    test %rax, %rax
    je chitin_edge_return
    mov (%rsp), %rcx
    mov chitin_block_lengths(%rip), %rdx  # of the block that begins at that address
    movzbl (%rdx,%rcx), %ecx
    add (%rax), %rcx
    mov %rcx, (%rax)
    cmp 8(%rax), %rcx
    jae 1f
chitin_edge_return:
    ret
1:  mov %fs:chitin_context@tpoff, %r10
    test %r10, %r10
    je chitin_edge_return                 # the kernel's time is never up
    movq $1, 16(%rax)
    mov %rbx, 8(%r10)
    mov %rbp, 48(%r10)
    mov %r12, 88(%r10)
    mov %r13, 96(%r10)
    mov %r14, 104(%r10)
    mov %r15, 112(%r10)
    lea chitin_edge_return(%rip), %rcx
    mov %rcx, 120(%r10)
    movq $0x202, 136(%r10)
    mov %rsp, 144(%r10)
    xor %ecx, %ecx
    mov %rcx, 160(%r10)                   # Resume::call
    mov %rcx, %fs:chitin_context@tpoff
    cld
    mov 168(%r10), %rsp
    jmp *176(%r10)
    .size __sanitizer_cov_trace_pc, . - __sanitizer_cov_trace_pc

    .section .note.GNU-stack, "", @progbits
