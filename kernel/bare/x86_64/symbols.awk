# symbols.awk: `nm -C -n` of the first link -> assembly of the panic's symbol table.
# Kept: code symbols, by the low half of their address, ascending; a name loses its parameters. See panic.cpp.
BEGIN {
    print "        .section .symbols, \"a\""
    print "table:  .long 0x736d7973, count"
}
$2 ~ /^[tTwW]$/ && $1 ~ /^ffffffff8/ {
    address = $1
    if (address == previous) next
    previous = address
    name = $0
    sub(/^[^ ]+ [^ ]+ /, "", name)
    gsub(/\(anonymous namespace\)/, "{}", name)
    sub(/\(.*/, "", name)
    sub(/ \[clone.*/, "", name)
    gsub(/["\\]/, "", name)
    printf "        .long 0x%s, name%d - table\n", substr(address, 9), count
    names[count++] = name
}
END {
    print "        .set count, " count + 0
    for (i = 0; i < count; ++i) printf "name%d: .asciz \"%s\"\n", i, names[i]
    print "        .section .note.GNU-stack, \"\", @progbits"
}
