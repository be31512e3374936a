"""Stacks of what does not run: unwound by the executables' own tables, with memory read as the
environment or the kernel sees it.
"""
