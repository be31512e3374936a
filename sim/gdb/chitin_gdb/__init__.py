"""Chitin for gdb: the kernel's own structures, read by the types in the debug information."""
