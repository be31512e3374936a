# The gate between environments and the kernel on the hosted machine.
#
# Offsets are those of kernel::machine::UserContext (checked in core.cpp):
#   0 rax   8 rbx  16 rcx  24 rdx  32 rsi  40 rdi  48 rbp  56 r8  64 r9  72 r10 80 r11
#  88 r12  96 r13 104 r14 112 r15 120 rip 128 cs 136 rflags 144 rsp 152 ss
# 160 resume  168 the kernel's rsp  176 the kernel's rip  256 floating point
#
# Code between chitin_transit_begin and chitin_transit_end belongs to neither side: a timer
# that hits it is ignored. The rest of chitin_gate is an environment's code like any other; it
# reads the environment's stack, and may fault there.

    .text

# CallResult chitin_gate(a1, a2, a3, a4, a5, a6, number): the C calling convention.
    .globl chitin_gate
    .type chitin_gate, @function
    .balign 64
chitin_gate:
    mov 8(%rsp), %rax
    jmp chitin_transit_begin
    .globl chitin_gate_return
chitin_gate_return:
    ret
    .size chitin_gate, . - chitin_gate

    .globl chitin_transit_begin
chitin_transit_begin:
    mov %fs:chitin_context@tpoff, %r10
    mov %rax, 0(%r10)
    mov %rdx, 24(%r10)
    mov %rsi, 32(%r10)
    mov %rdi, 40(%r10)
    mov %r8, 56(%r10)
    mov %r9, 64(%r10)
    mov %rcx, 72(%r10)                    # argument 4 travels in r10 on the bare machine
    mov %rbx, 8(%r10)
    mov %rbp, 48(%r10)
    mov %r12, 88(%r10)
    mov %r13, 96(%r10)
    mov %r14, 104(%r10)
    mov %r15, 112(%r10)
    lea chitin_gate_return(%rip), %rax
    mov %rax, 120(%r10)
    movq $0x202, 136(%r10)
    mov %rsp, 144(%r10)
    xor %eax, %eax
    mov %rax, 160(%r10)                   # Resume::call
    mov %rax, %fs:chitin_context@tpoff
    cld
    mov 168(%r10), %rsp
    jmp *176(%r10)

# From run(): rdi is the context; the way back is in it already.
    .globl chitin_enter
    .type chitin_enter, @function
    .balign 64
chitin_enter:
    cmpq $0, 160(%rdi)
    jne chitin_enter_full
    mov 8(%rdi), %rbx
    mov 48(%rdi), %rbp
    mov 88(%rdi), %r12
    mov 96(%rdi), %r13
    mov 104(%rdi), %r14
    mov 112(%rdi), %r15
    mov 0(%rdi), %rax
    mov 24(%rdi), %rdx
    mov 144(%rdi), %rsp
    mov %rdi, %fs:chitin_context@tpoff
    jmp *120(%rdi)
    .size chitin_enter, . - chitin_enter

# Everything, floating point included. iretq pops rip, cs, rflags, rsp and ss where they lie.
    .type chitin_enter_full, @function
chitin_enter_full:
    mov $0xe7, %eax                       # x87, SSE, AVX, AVX-512
    xor %edx, %edx
    cmpb $0, chitin_xsave(%rip)
    je 1f
    xrstor64 256(%rdi)
    jmp 2f
1:  fxrstor64 256(%rdi)
2:  mov 0(%rdi), %rax
    mov 8(%rdi), %rbx
    mov 16(%rdi), %rcx
    mov 24(%rdi), %rdx
    mov 32(%rdi), %rsi
    mov 48(%rdi), %rbp
    mov 56(%rdi), %r8
    mov 64(%rdi), %r9
    mov 72(%rdi), %r10
    mov 80(%rdi), %r11
    mov 88(%rdi), %r12
    mov 96(%rdi), %r13
    mov 104(%rdi), %r14
    mov 112(%rdi), %r15
    mov %rdi, %fs:chitin_context@tpoff
    lea 120(%rdi), %rsp
    mov 40(%rdi), %rdi
    iretq
    .size chitin_enter_full, . - chitin_enter_full
    .globl chitin_transit_end
chitin_transit_end:

    .section .note.GNU-stack, "", @progbits
