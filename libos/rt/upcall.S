# The environment's upcall entry, and its way back without the kernel.
#
# The kernel enters here with rdi = cookie, rsi = the upcall page, rsp = stack top - 8, upcalls
# masked and floating-point registers as they were interrupted. Offsets: kernel/abi/upcall.hpp.
# Between the labels resume_begin and resume_end only general registers change and nothing of
# the saved state is lost, so the kernel may finish the return itself when it must deliver there.

        .set    page_masked, 0
        .set    page_pending, 4
        .set    page_saved, 72
        .set    page_floating_point, 1152
        .set    state_components, 0xe7          # x87, SSE, AVX, AVX-512

        .text
        .globl  libos_upcall_xsave, libos_upcall_fxsave
        .globl  libos_upcall_resume_begin, libos_upcall_resume_end
        .hidden libos_upcall_xsave, libos_upcall_fxsave
        .hidden libos_upcall_resume_begin, libos_upcall_resume_end
        .type   libos_upcall_xsave, @function
        .type   libos_upcall_fxsave, @function

        .p2align 4
libos_upcall_xsave:
        mov     %rdi, %rbx
        mov     %rsi, %rbp
        mov     $1, %r12d                       # fresh: the page says which upcall
        mov     $1, %r13d                       # xsave
        jmp     save

        .p2align 4
libos_upcall_fxsave:
        mov     %rdi, %rbx
        mov     %rsi, %rbp
        mov     $1, %r12d
        xor     %r13d, %r13d

save:
        test    %r13d, %r13d
        jz      1f
        mov     $state_components, %eax
        xor     %edx, %edx
        xsave64 page_floating_point(%rbp)
        jmp     2f
1:      fxsave64 page_floating_point(%rbp)
2:      mov     %rbx, %rdi
        mov     %rbp, %rsi
        mov     %r12d, %edx
        sub     $8, %rsp
        call    libos_upcall_handle
        add     $8, %rsp
        test    %r13d, %r13d
        jz      3f
        mov     $state_components, %eax
        xor     %edx, %edx
        xrstor64 page_floating_point(%rbp)
        jmp     libos_upcall_resume_begin
3:      fxrstor64 page_floating_point(%rbp)

libos_upcall_resume_begin:
        movl    $0, page_masked(%rbp)
        cmpl    $0, page_pending(%rbp)
        jne     4f
        lea     page_saved(%rbp), %rsp
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
4:      movl    $1, page_masked(%rbp)
libos_upcall_resume_end:
        xor     %r12d, %r12d                    # not fresh: only what is pending
        jmp     save
        .size   libos_upcall_fxsave, . - libos_upcall_fxsave

        .section .note.GNU-stack, "", @progbits
