# How a signal handler set up by a raw rt_sigaction returns: the rt_sigreturn system call.
#
# The unwind rules are for debuggers: here rsp points at the ucontext, in which the interrupted
# general registers lie from byte 40 on (uc_mcontext.gregs of <sys/ucontext.h>, and its order).

    # DW_CFA_expression ([dwarf5] 6.4.2): the register lies at rsp + offset, in two SLEB bytes.
    .macro saved number, offset
    .cfi_escape 0x10, \number, 3, 0x77, \offset & 0x7f | 0x80, \offset >> 7
    .endm

    .text
    .globl chitin_signal_return
    .type chitin_signal_return, @function
    .cfi_startproc
    .cfi_signal_frame
    # DW_CFA_def_cfa_expression: the interrupted rsp, at rsp + 160.
    .cfi_escape 0x0f, 4, 0x77, 160 & 0x7f | 0x80, 160 >> 7, 0x06
    saved 8, 40
    saved 9, 48
    saved 10, 56
    saved 11, 64
    saved 12, 72
    saved 13, 80
    saved 14, 88
    saved 15, 96
    saved 5, 104                          # rdi
    saved 4, 112                          # rsi
    saved 6, 120                          # rbp
    saved 3, 128                          # rbx
    saved 1, 136                          # rdx
    saved 0, 144                          # rax
    saved 2, 152                          # rcx
    saved 7, 160                          # rsp
    saved 16, 168                         # rip
    nop                                   # debuggers look before a return address
chitin_signal_return:
    mov $15, %eax
    syscall
    .cfi_endproc
    .size chitin_signal_return, . - chitin_signal_return
    .section .note.GNU-stack, "", @progbits
