# Boot: from a loader's 32-bit protected mode to the kernel in long mode.
#
# One entry for two protocols: PVH (QEMU -kernel; ebx = start info) and multiboot2 (GRUB on
# BIOS or UEFI; eax = magic, ebx = boot information). The tables made here map all of the low
# 4 GiB twice (identity and direct map) and the image's 2 MiB; chitin_start() replaces them
# by the final, W^X ones before anything else runs (paging.cpp). The other cores come by the
# trampoline and have final tables from the start.

        .set    BASE, 0xffffffff80000000
        .set    TABLES, chitin_own_tables - BASE
        .set    PDPT, 4096              # OwnTables, paging.cpp
        .set    DIRECTORY, 2 * 4096

        .section .note.pvh, "a", @note
        .long   4, 4, 18                # XEN_ELFNOTE_PHYS32_ENTRY
        .asciz  "Xen"
        .long   boot_entry

        .section .boot.header, "a"
        .p2align 3
multiboot:
        .long   0xe85250d6, 0, multiboot_end - multiboot
        .long   -(0xe85250d6 + (multiboot_end - multiboot))
        .word   1, 0                    # what we need: command line, modules, memory map
        .long   20
        .long   1, 3, 6
        .p2align 3
        .word   6, 0                    # modules on page boundaries
        .long   8
        .word   0, 0                    # end
        .long   8
multiboot_end:

        .section .boot.text, "ax"
        .code32
        .globl  boot_entry
boot_entry:
        cli
        cld
        mov     %eax, %ebp              # the protocol's magic
        mov     $(chitin_kernel_stack_top - BASE), %esp
        mov     %ebx, %esi              # its information
        mov     $0x80000000, %eax
        cpuid
        cmp     $0x80000001, %eax
        jb      no_long_mode
        mov     $0x80000001, %eax
        cpuid
        and     $0x20100800, %edx       # long mode, NX, syscall
        cmp     $0x20100800, %edx
        jne     no_long_mode

        # root: [0] and [256] the low 4 GiB, [511] the image
        movl    $(chitin_direct_pdpt - BASE + 3), TABLES
        movl    $(chitin_direct_pdpt - BASE + 3), TABLES + 256 * 8
        movl    $(TABLES + PDPT + 3), TABLES + 511 * 8
        movl    $(TABLES + DIRECTORY + 3), TABLES + PDPT + 510 * 8
        movl    $0x83, TABLES + DIRECTORY
        mov     $(chitin_direct_directories - BASE + 3), %eax
        xor     %ecx, %ecx
1:      mov     %eax, chitin_direct_pdpt - BASE(, %ecx, 8)
        add     $4096, %eax
        inc     %ecx
        cmp     $4, %ecx
        jne     1b
        mov     $0x83, %eax
        xor     %ecx, %ecx
2:      mov     %eax, chitin_direct_directories - BASE(, %ecx, 8)
        add     $0x200000, %eax
        inc     %ecx
        cmp     $2048, %ecx
        jne     2b

        mov     $(TABLES), %edx
        mov     $(chitin_start - BASE), %ebx

# edx: the root; ebx: where to go on in the image, from BASE; ebp, esi: what that is given.
to_long_mode:
        mov     $0x20, %eax             # PAE
        mov     %eax, %cr4
        mov     %edx, %cr3
        mov     $0xc0000080, %ecx       # EFER: syscall, long mode, NX
        rdmsr
        or      $0x901, %eax
        wrmsr
        mov     $0x80010033, %eax       # PG, WP, NE, ET, MP, PE
        mov     %eax, %cr0
        lgdt    boot_gdt_pointer
        ljmp    $0x08, $boot_long

no_long_mode:
        mov     $no_long_mode_text, %esi
3:      lodsb
        test    %al, %al
        jz      4f
        mov     $0x3f8, %dx
        out     %al, %dx
        jmp     3b
4:      hlt
        jmp     4b

        .code64
boot_long:
        mov     $0x10, %eax
        mov     %eax, %ss
        xor     %eax, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %fs
        mov     %eax, %gs
        mov     $chitin_kernel_stack_top, %rsp
        mov     %ebp, %edi
        mov     %esi, %esi
        xor     %ebp, %ebp
        push    $0                      # where a backtrace ends
        add     $BASE, %rbx             # sign-extended
        jmp     *%rbx

# Where another core begins, in real mode (cores.cpp): a copy of this lies at cs:0.
        .code16
        .globl  chitin_trampoline, chitin_trampoline_end
chitin_trampoline:
        cli
        mov     %cs, %ax
        mov     %ax, %ds
        lgdtl   boot_gdt_pointer - chitin_trampoline
        mov     %cr0, %eax
        or      $1, %al
        mov     %eax, %cr0
        ljmpl   $0x18, $core_protected
boot_gdt_pointer:
        .word   31
        .long   boot_gdt
chitin_trampoline_end:

        .code32
core_protected:
        mov     $0x10, %eax
        mov     %eax, %ds
        mov     chitin_core_root - BASE, %edx
        mov     $(chitin_core_start - BASE), %ebx
        jmp     to_long_mode

        .p2align 3
boot_gdt:
        .quad   0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cf9b000000ffff
no_long_mode_text:
        .asciz  "chitin: this processor has no long mode, NX or syscall\r\n"

        .section .note.GNU-stack, "", @progbits
