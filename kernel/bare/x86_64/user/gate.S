# chitin_gate: an environment's way into the kernel on the bare machine.
#
# CallResult chitin_gate(a1, a2, a3, a4, a5, a6, number): the C calling convention's
# registers but for the fourth, which `syscall` overwrites, and the number. Kernel calls may
# change every caller-saved register, as any C function may.

        .text
        .globl  chitin_gate
        .type   chitin_gate, @function
        .p2align 4
chitin_gate:
        mov     %rcx, %r10
        mov     8(%rsp), %rax
        syscall
        ret
        .size   chitin_gate, . - chitin_gate

        .section .note.GNU-stack, "", @progbits
