"""chitin bt."""

import gdb

from chitin_gdb.commands.command import Command
from chitin_gdb.machine import core_of, env_of
from chitin_gdb.unwind import stacks


class Backtrace(Command):
    """chitin bt CORE, or chitin bt env ENV: a stack, whoever runs at the moment.

CORE: the stack of that core's kernel; env ENV: that environment's own, from its saved registers or,
while it runs, from the processor's. Frames come from the unwind tables of the executables, which
change nothing in the machine; where they end, the last line says why."""

    name = "bt"
    arguments_min = 1
    arguments_max = 2

    def show(self, machine, arguments):
        if arguments[0] != "env":
            if len(arguments) > 1:
                raise gdb.GdbError(f"{arguments[0]}: expected env or a core's number alone")
            stacks.show_kernel(machine, core_of(machine, arguments[0]))
        elif len(arguments) == 2:
            stacks.show_env(machine, *env_of(machine, arguments[1]))
        else:
            raise gdb.GdbError("env: expected an environment's number behind it")


def register():
    Backtrace()
