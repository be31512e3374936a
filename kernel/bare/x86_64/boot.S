# Boot: from a loader's 32-bit protected mode to the kernel in long mode.
#
# One entry for two protocols: PVH (QEMU -kernel; ebx = start info) and multiboot2 (GRUB on
# BIOS or UEFI; eax = magic, ebx = boot information). The tables made here map all of the low
# 4 GiB twice (identity and direct map) and the image's 2 MiB; chitin_start() replaces them
# by the final, W^X ones before anything else runs (paging.cpp).

        .set    BASE, 0xffffffff80000000

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
        movl    $(chitin_direct_pdpt - BASE + 3), chitin_kernel_root - BASE
        movl    $(chitin_direct_pdpt - BASE + 3), chitin_kernel_root - BASE + 256 * 8
        movl    $(chitin_image_pdpt - BASE + 3), chitin_kernel_root - BASE + 511 * 8
        movl    $(chitin_image_directory - BASE + 3), chitin_image_pdpt - BASE + 510 * 8
        movl    $0x83, chitin_image_directory - BASE
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

        mov     $0x20, %eax             # PAE
        mov     %eax, %cr4
        mov     $(chitin_kernel_root - BASE), %eax
        mov     %eax, %cr3
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
        mov     $chitin_start, %rax
        jmp     *%rax

        .p2align 3
boot_gdt:
        .quad   0, 0x00af9b000000ffff, 0x00cf93000000ffff
boot_gdt_pointer:
        .word   23
        .long   boot_gdt
no_long_mode_text:
        .asciz  "chitin: this processor has no long mode, NX or syscall\r\n"

        .section .note.GNU-stack, "", @progbits
