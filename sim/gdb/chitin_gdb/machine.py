"""Machine: where the cores' kernels lie, on either machine.

The kernel has no globals: what one core's kernel knows is a System on that core's kernel stack. It
is found there by what it refers to (its core, its memory, and both again inside its parts), so no
frame's variables are needed, and optimised code is as good as any.
"""

import struct

import gdb

from chitin_gdb import layout
from chitin_gdb.kernel import Kernel

NOT_YET = "no cell runs yet: set a breakpoint (for example on kernel::syscall::dispatch) and `run`"


def find_system(low, high, core_address=None):
    """The address of the System on the stack [low, high), or None: it was not made yet."""
    data = layout.read_bytes(low, high - low)
    kind = "kernel::env::System"
    size = layout.type_of(kind).sizeof
    core_at, memory_at = layout.offset_of(kind, "core"), layout.offset_of(kind, "memory")
    memory_again = layout.offset_of(kind, "forest.memory_")
    core_again = layout.offset_of(kind, "mesh.core_")
    memory_size = layout.type_of("kernel::mem::Memory").sizeof
    core_in_memory = layout.offset_of("kernel::mem::Memory", "core_")

    def word(offset):
        return struct.unpack_from("<Q", data, offset)[0]

    for offset in range(len(data) - size & ~7, -1, -8):
        core, memory = word(offset + core_at), word(offset + memory_at)
        if not low <= memory <= high - memory_size or core_address not in (None, core):
            continue
        if (word(offset + memory_again) == memory and word(offset + core_again) == core
                and word(memory - low + core_in_memory) == core):
            return low + offset
    return None


def find():
    """The machine that is debugged. Raises gdb.GdbError: there is none, or no cell runs."""
    # Here, because both stand on this file.
    from chitin_gdb.bare import BareMachine
    from chitin_gdb.hosted import HostedMachine
    if gdb.selected_thread() is None:
        raise gdb.GdbError(NOT_YET)
    kind = BareMachine if layout.symbol_address("chitin_kernel_stack_top") else HostedMachine
    machine = kind()
    if not any(core.kernel for core in machine.cores):
        raise gdb.GdbError(NOT_YET)
    return machine


class Core:
    """One core: its kernel, or None where it has not come so far, and how to reach its stack."""

    def __init__(self, number, kernel):
        self.number = number
        self.kernel = kernel


def kernel_at(low, high, core_address=None):
    system = find_system(low, high, core_address)
    return Kernel(system) if system is not None else None


def parse_number(text, what):
    try:
        return int(gdb.parse_and_eval(text))
    except (gdb.error, ValueError) as error:
        raise gdb.GdbError(f"{text}: expected {what} ({error})") from error


def core_of(machine, text):
    number = parse_number(text, "a core's number")
    if not 0 <= number < len(machine.cores):
        raise gdb.GdbError(f"{text}: expected a core's number, 0..{len(machine.cores) - 1}")
    return machine.cores[number]


def env_of(machine, text):
    """(core, Env) of ENV: a number among all cores' (core * 128 + id), or CORE:ID."""
    first, colon, second = text.partition(":")
    if colon:
        core, number = core_of(machine, first), parse_number(second, "an environment's number")
    else:
        number = parse_number(text, "an environment's number, or CORE:NUMBER")
        each = max(len(c.kernel.system.envs) for c in machine.cores if c.kernel)
        core = machine.cores[number // each] if 0 <= number // each < len(machine.cores) else None
        number %= each
    env = core.kernel.env_by_id(number) if core is not None and core.kernel else None
    if env is None:
        there = [f"{c.number}:{e.id}" for c in machine.cores if c.kernel for e in c.kernel.envs()]
        raise gdb.GdbError(f"{text}: no such environment; there are (CORE:NUMBER) "
                           + (" ".join(there) or "none"))
    return core, env
