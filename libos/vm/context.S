# Saving and resuming a place in the program, as setjmp and longjmp do, but across environments.
#
#   std::uint64_t libos_context_save(Context&)     0 now; 1 when it is resumed
#   void libos_context_resume(Context&)            in rdi; the stack pointer does not matter
#
# Context: rbx rbp r12 r13 r14 r15 rsp rip (libos/vm/cow_region.cpp).

        .text
        .globl  libos_context_save, libos_context_resume
        .hidden libos_context_save, libos_context_resume
        .type   libos_context_save, @function
        .type   libos_context_resume, @function

        .p2align 4
libos_context_save:
        mov     %rbx, 0(%rdi)
        mov     %rbp, 8(%rdi)
        mov     %r12, 16(%rdi)
        mov     %r13, 24(%rdi)
        mov     %r14, 32(%rdi)
        mov     %r15, 40(%rdi)
        lea     8(%rsp), %rax
        mov     %rax, 48(%rdi)
        mov     (%rsp), %rax
        mov     %rax, 56(%rdi)
        xor     %eax, %eax
        ret
        .size   libos_context_save, . - libos_context_save

        .p2align 4
libos_context_resume:
        mov     0(%rdi), %rbx
        mov     8(%rdi), %rbp
        mov     16(%rdi), %r12
        mov     24(%rdi), %r13
        mov     32(%rdi), %r14
        mov     40(%rdi), %r15
        mov     48(%rdi), %rsp
        mov     $1, %eax
        jmp     *56(%rdi)
        .size   libos_context_resume, . - libos_context_resume

        .section .note.GNU-stack, "", @progbits
