# How a signal handler set up by a raw rt_sigaction returns: the rt_sigreturn system call.
    .text
    .globl chitin_signal_return
    .type chitin_signal_return, @function
chitin_signal_return:
    mov $15, %eax
    syscall
    .size chitin_signal_return, . - chitin_signal_return
    .section .note.GNU-stack, "", @progbits
