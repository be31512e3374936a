# The first of the two links has no symbol names yet (CMakeLists.txt).
        .section .note.GNU-stack, "", @progbits
