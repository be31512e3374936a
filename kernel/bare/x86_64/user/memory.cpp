// mem* for programs: the kernel's own source, compiled with the programs' flags.
#include "kernel/bare/x86_64/memory.cpp"
