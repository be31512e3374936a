# The ways into and out of the kernel: syscall and 34 trap stubs in, sysret and iretq out.
#
# Invariants: interrupts are off in the kernel, but for halt() (apic.hpp); nothing here faults;
# double fault, NMI and machine check run on stacks of their own (descriptors.cpp) and never
# return.
# sysret is used only with a canonical user rip (machine_impl.hpp checks it).

        .set    KERNEL_RSP, 0           # CoreState, core_state.hpp
        .set    USER_RSP, 8
        .set    TRAP_PLACE, 16
        .set    TRAP_ERROR, 24
        .set    RSP0, 40

        .set    RAX, 0                  # UserContext, kernel/machine/context.hpp
        .set    RBX, 8
        .set    RCX, 16
        .set    RDX, 24
        .set    RSI, 32
        .set    RDI, 40
        .set    RBP, 48
        .set    R8, 56
        .set    R9, 64
        .set    R10, 72
        .set    R11, 80
        .set    R12, 88
        .set    R13, 96
        .set    R14, 104
        .set    R15, 112
        .set    RIP, 120
        .set    RFLAGS, 136
        .set    RSP, 144
        .set    RESUME, 160
        .set    TOP, 160                # rsp0 points at the context + TOP

        .text
# void chitin_enter_call(): after a call. Undefined registers are zeroed: no kernel value leaves.
        .globl  chitin_enter_call
        .type   chitin_enter_call, @function
chitin_enter_call:
        mov     %rsp, chitin_core_state+KERNEL_RSP(%rip)
        mov     RBX(%rdi), %rbx
        mov     RBP(%rdi), %rbp
        mov     R12(%rdi), %r12
        mov     R13(%rdi), %r13
        mov     R14(%rdi), %r14
        mov     R15(%rdi), %r15
        mov     RAX(%rdi), %rax
        mov     RDX(%rdi), %rdx
        mov     RIP(%rdi), %rcx
        mov     RFLAGS(%rdi), %r11
        mov     RSP(%rdi), %rsp
        xor     %esi, %esi
        xor     %edi, %edi
        xor     %r8d, %r8d
        xor     %r9d, %r9d
        xor     %r10d, %r10d
        sysretq
        .size   chitin_enter_call, . - chitin_enter_call

# void chitin_enter_full(): every register; the context's end is an iretq frame.
        .globl  chitin_enter_full
        .type   chitin_enter_full, @function
chitin_enter_full:
        mov     %rsp, chitin_core_state+KERNEL_RSP(%rip)
        mov     %rdi, %rsp
        pop     %rax
        pop     %rbx
        pop     %rcx
        pop     %rdx
        pop     %rsi
        pop     %rdi
        pop     %rbp
        pop     %r8
        pop     %r9
        pop     %r10
        pop     %r11
        pop     %r12
        pop     %r13
        pop     %r14
        pop     %r15
        iretq
        .size   chitin_enter_full, . - chitin_enter_full

# The target of `syscall`: rcx = rip, r11 = rflags, rsp still the environment's.
        .globl  chitin_syscall_entry
        .type   chitin_syscall_entry, @function
chitin_syscall_entry:
        mov     %rsp, chitin_core_state+USER_RSP(%rip)
        mov     chitin_core_state+RSP0(%rip), %rsp
        mov     %rcx, RIP-TOP(%rsp)
        mov     %r11, RFLAGS-TOP(%rsp)
        mov     chitin_core_state+USER_RSP(%rip), %rcx
        mov     %rax, RAX-TOP(%rsp)
        mov     %rbx, RBX-TOP(%rsp)
        mov     %rdx, RDX-TOP(%rsp)
        mov     %rsi, RSI-TOP(%rsp)
        mov     %rdi, RDI-TOP(%rsp)
        mov     %rbp, RBP-TOP(%rsp)
        mov     %r8, R8-TOP(%rsp)
        mov     %r9, R9-TOP(%rsp)
        mov     %r10, R10-TOP(%rsp)
        mov     %r12, R12-TOP(%rsp)
        mov     %r13, R13-TOP(%rsp)
        mov     %r14, R14-TOP(%rsp)
        mov     %r15, R15-TOP(%rsp)
        mov     %rcx, RSP-TOP(%rsp)
        movq    $0, RESUME-TOP(%rsp)    # Resume::call
        mov     chitin_core_state+KERNEL_RSP(%rip), %rsp
        xor     %eax, %eax              # Entry::call
        ret
        .size   chitin_syscall_entry, . - chitin_syscall_entry

# Stubs of 5 bytes for vectors 0..33: the address that `call` pushes tells which it was
# (trap_vector in core_state.hpp).
        .globl  chitin_trap_stubs
        .type   chitin_trap_stubs, @function
chitin_trap_stubs:
        .set    vector, 0
        .rept   34
        .byte   0xe8                    # call, always with 32 bits of displacement
        .if     ((0x227d00 >> vector) & 1) == 0
        .long   trap_without_error - . - 4
        .else                           # 8, 10..14, 17, 21: the processor pushed an error code
        .long   trap_common - . - 4
        .endif
        .set    vector, vector + 1
        .endr
        .size   chitin_trap_stubs, . - chitin_trap_stubs

        .type   trap_without_error, @function
trap_without_error:
        pushq   (%rsp)
        movq    $0, 8(%rsp)
        .size   trap_without_error, . - trap_without_error

        .type   trap_common, @function
trap_common:
        testb   $3, 24(%rsp)            # the interrupted cs
        jz      trap_in_kernel
        # Machine check, NMI, double fault: not on rsp0's stack.
        cmpq    $chitin_trap_stubs + 5 * 19, (%rsp)
        je      trap_in_kernel
        cmpq    $chitin_trap_stubs + 5 * 3, (%rsp)
        je      trap_in_kernel
        cmpq    $chitin_trap_stubs + 5 * 9, (%rsp)
        je      trap_in_kernel
        popq    chitin_core_state+TRAP_PLACE(%rip)
        popq    chitin_core_state+TRAP_ERROR(%rip)
        push    %r15
        push    %r14
        push    %r13
        push    %r12
        push    %r11
        push    %r10
        push    %r9
        push    %r8
        push    %rbp
        push    %rdi
        push    %rsi
        push    %rdx
        push    %rcx
        push    %rbx
        push    %rax
        cld
        mov     chitin_core_state+KERNEL_RSP(%rip), %rsp
        mov     $1, %eax                # Entry::trap
        ret
        .size   trap_common, . - trap_common

# A trap in the kernel, or one that nobody survives: to the panic, with the frame.
        .type   trap_in_kernel, @function
trap_in_kernel:
        cmpq    $chitin_trap_stubs + 5 * 33, (%rsp)
        jae     interrupt_in_kernel
        cld
        mov     %rsp, %rdi              # frame: place, error, rip, cs, rflags, rsp, ss
        and     $-16, %rsp
        call    chitin_trap_panic
        ud2
        .size   trap_in_kernel, . - trap_in_kernel

# Vectors 32 and 33: they end a halt(), which acknowledges them.
        .type   interrupt_in_kernel, @function
interrupt_in_kernel:
        add     $16, %rsp
        iretq
        .size   interrupt_in_kernel, . - interrupt_in_kernel

        .section .note.GNU-stack, "", @progbits
