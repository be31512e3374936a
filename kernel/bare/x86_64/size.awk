# size.awk: `size -A chitin.elf` -> one line: the size of the image, symbol names apart. The limit is
# held by tests/image.
/^\.(boot|text|rodata|data|note)/ { total += $2 }
$1 == ".symbols" { names = $2 }
$1 == ".bss" { zeroed = $2 }
END {
    printf "chitin.elf: %d bytes of text, rodata and data (limit 90112); ", total
    printf "%d of symbol names, %d zeroed\n", names, zeroed
}
