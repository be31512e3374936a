# Threads' contexts: switching, starting, and being pre-empted. No kernel is involved.
#
#   void libos_thread_switch(void** from, void* to)     callee-saved state, [sysv-amd64] 3.2.1
#   libos_thread_start                                  where a new stack returns to
#   libos_thread_preempted                              where a pre-empted thread goes on
#
# A suspended thread's stack, from its saved pointer upwards (context.cpp makes the first one):
#   control words  r15  r14  r13  r12  rbx  rbp  return address
#
# A pre-empted thread's, from rsp upwards, when it comes to libos_thread_preempted:
#   Preemption*  interrupted rip  128 bytes of red zone  interrupted rsp ...

        .set    red_zone, 128
        .set    floating_point_size, 2752       # kernel/abi/upcall.hpp
        .set    header_offset, 512              # of xsave's header, 64 bytes, zero but the first 8
        .set    state_components, 0xe7          # x87, SSE, AVX, AVX-512

        .text
        .globl  libos_thread_switch, libos_thread_start, libos_thread_preempted
        .hidden libos_thread_switch, libos_thread_start, libos_thread_preempted
        .type   libos_thread_switch, @function
        .type   libos_thread_start, @function
        .type   libos_thread_preempted, @function

        .p2align 4
libos_thread_switch:
        push    %rbp
        push    %rbx
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        sub     $8, %rsp
        stmxcsr (%rsp)
        fnstcw  4(%rsp)
        mov     %rsp, (%rdi)
        mov     %rsi, %rsp
        fldcw   4(%rsp)
        ldmxcsr (%rsp)
        add     $8, %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbx
        pop     %rbp
        ret
        .size   libos_thread_switch, . - libos_thread_switch

        .p2align 4
libos_thread_start:
        mov     %r12, %rdi
        xor     %ebp, %ebp
        call    *%rbx
        ud2
        .size   libos_thread_start, . - libos_thread_start

        .p2align 4
libos_thread_preempted:
        pushfq
        cld
        push    %rax
        push    %rbx
        push    %rcx
        push    %rdx
        push    %rsi
        push    %rdi
        push    %rbp
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %rsp, %rbp
        mov     128(%rbp), %rbx                 # Preemption*: function, argument, xsave
        sub     $floating_point_size, %rsp
        and     $-64, %rsp
        cmpq    $0, 16(%rbx)
        je      1f
        xor     %eax, %eax
        lea     header_offset(%rsp), %rdi
        mov     $8, %ecx
        rep stosq
        mov     $state_components, %eax
        xor     %edx, %edx
        xsave64 (%rsp)
        jmp     2f
1:      fxsave64 (%rsp)
2:      mov     8(%rbx), %rdi
        call    *(%rbx)
        cmpq    $0, 16(%rbx)
        je      3f
        mov     $state_components, %eax
        xor     %edx, %edx
        xrstor64 (%rsp)
        jmp     4f
3:      fxrstor64 (%rsp)
4:      mov     %rbp, %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rbp
        pop     %rdi
        pop     %rsi
        pop     %rdx
        pop     %rcx
        pop     %rbx
        pop     %rax
        popfq
        lea     8(%rsp), %rsp
        ret     $red_zone
        .size   libos_thread_preempted, . - libos_thread_preempted

        .section .note.GNU-stack, "", @progbits
