# wild: an environment that tries what hardware must refuse, one thing a cell: the cell's seed
# chooses. Those that are to survive exit with code 0; the others end by the trap they cause.
# tests/image/wild_test.cpp has the expectations, in this order.

        .set    call_null, 0
        .set    call_exit, 22
        .set    kernel_text, 0xffffffff80101000
        .set    direct_map, 0xffff800001000000
        .set    not_canonical, 0x0000800000000000

        .text
        .globl  chitin_program_wild
chitin_program_wild:
        mov     32(%rdi), %rcx          # StartBlock::seed
        mov     %rsp, %rbp
        mov     $cases, %eax
        jmp     *(%rax, %rcx, 8)

exit_well:
        mov     %rbp, %rsp
        xor     %edi, %edi
        mov     $call_exit, %eax
        syscall
        ud2

case_nothing:
        jmp     exit_well
case_cli:
        cli
        jmp     exit_well
case_hlt:
        hlt
        jmp     exit_well
case_lgdt:
        lgdt    (%rsp)
        jmp     exit_well
case_cr3:
        mov     %cr3, %rax
        jmp     exit_well
case_rdmsr:
        mov     $0xc0000080, %ecx
        rdmsr
        jmp     exit_well
case_wrmsr:
        mov     $0xc0000082, %ecx
        wrmsr
        jmp     exit_well
case_out:
        mov     $0xf4, %edx
        out     %al, %dx
        jmp     exit_well
case_invlpg:
        invlpg  (%rsp)
        jmp     exit_well
case_swapgs:
        swapgs
        jmp     exit_well
case_int80:
        int     $0x80
        jmp     exit_well
case_int_timer:
        int     $32
        jmp     exit_well
case_int_double_fault:
        int     $8
        jmp     exit_well
case_int3:
        int3
        jmp     exit_well
case_ud2:
        ud2
case_divide:
        xor     %ecx, %ecx
        xor     %edx, %edx
        div     %ecx
        jmp     exit_well
case_wrgsbase:
        wrgsbase %rax
        jmp     exit_well
case_single_step:
        pushf
        orl     $0x100, (%rsp)
        popf
        nop
        jmp     exit_well

case_read_kernel:
        movabs  $kernel_text, %rax
        mov     (%rax), %rax
        jmp     exit_well
case_write_kernel:
        movabs  $kernel_text, %rax
        mov     %rax, (%rax)
        jmp     exit_well
case_jump_kernel:
        movabs  $kernel_text, %rax
        jmp     *%rax
case_read_direct_map:
        movabs  $direct_map, %rax
        mov     (%rax), %rax
        jmp     exit_well
case_write_text:
        lea     exit_well(%rip), %rax
        mov     %rax, (%rax)
        jmp     exit_well
case_write_constants:
        mov     %rax, cases
        jmp     exit_well
case_run_constants:
        mov     $cases, %eax
        jmp     *%rax
case_run_stack:
        movb    $0xc3, -128(%rsp)
        lea     -128(%rsp), %rax
        call    *%rax
        jmp     exit_well
case_read_null:
        xor     %eax, %eax
        mov     (%rax), %rax
        jmp     exit_well

case_read_not_canonical:
        movabs  $not_canonical, %rax
        mov     (%rax), %rax
        jmp     exit_well
case_jump_not_canonical:
        movabs  $not_canonical, %rax
        jmp     *%rax
case_return_not_canonical:
        movabs  $not_canonical, %rax
        push    %rax
        ret
case_push_not_canonical:
        movabs  $not_canonical + 64, %rsp
        push    %rax
        jmp     exit_well
case_iret_not_canonical:
        mov     %ss, %eax
        push    %rax
        push    %rbp
        pushf
        mov     %cs, %eax
        push    %rax
        movabs  $not_canonical, %rax
        push    %rax
        iretq
case_iret_to_kernel:
        pushq   $0x10
        push    %rbp
        pushf
        pushq   $0x08
        movabs  $kernel_text, %rax
        push    %rax
        iretq

case_call_stack_zero:
        xor     %esp, %esp
        mov     $call_null, %eax
        syscall
        jmp     exit_well
case_call_stack_kernel:
        movabs  $kernel_text, %rsp
        mov     $call_null, %eax
        syscall
        jmp     exit_well
case_call_stack_not_canonical:
        movabs  $not_canonical, %rsp
        mov     $call_null, %eax
        syscall
        jmp     exit_well
case_trap_stack_kernel:
        movabs  $kernel_text, %rsp
        ud2
case_trap_stack_not_canonical:
        movabs  $not_canonical, %rsp
        ud2
case_call_flags:
        pushq   $0x3f7ed7               # NT, RF, AC, ID, ... as far as popf gives them; no TF
        popf
        mov     $call_null, %eax
        syscall
        cld
        jmp     exit_well
case_call_segments:
        mov     %ss, %eax
        mov     %eax, %gs
        mov     %eax, %fs
        mov     %eax, %ss               # and the one-instruction shadow behind it
        syscall
        mov     $call_null, %eax
        syscall
        jmp     exit_well
case_mov_ss_int3:
        mov     %ss, %eax
        mov     %eax, %ss
        int3
case_call_number:
        mov     $-1, %rax
        syscall
        cmp     $0, %rax
        jne     exit_well
        ud2
case_sysenter:
        sysenter
        jmp     exit_well
case_floating_point:
        mov     $0x3f8, %eax
        cvtsi2sd %eax, %xmm7
        mov     $call_null, %eax
        syscall
        cvtsi2sd %eax, %xmm7
        jmp     exit_well
case_runs_away:
        jmp     case_runs_away

        .section .rodata
cases:  .quad   case_nothing, case_cli, case_hlt, case_lgdt, case_cr3, case_rdmsr, case_wrmsr
        .quad   case_out, case_invlpg, case_swapgs, case_int80, case_int_timer
        .quad   case_int_double_fault, case_int3, case_ud2, case_divide, case_wrgsbase
        .quad   case_single_step, case_read_kernel, case_write_kernel, case_jump_kernel
        .quad   case_read_direct_map, case_write_text, case_write_constants, case_run_constants
        .quad   case_run_stack, case_read_null, case_read_not_canonical
        .quad   case_jump_not_canonical, case_return_not_canonical, case_push_not_canonical
        .quad   case_iret_not_canonical, case_iret_to_kernel, case_call_stack_zero
        .quad   case_call_stack_kernel, case_call_stack_not_canonical, case_trap_stack_kernel
        .quad   case_trap_stack_not_canonical, case_call_flags, case_call_segments
        .quad   case_mov_ss_int3, case_call_number, case_sysenter, case_floating_point
        .quad   case_runs_away
        .section .note.GNU-stack, "", @progbits
