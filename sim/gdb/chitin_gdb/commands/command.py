"""Command: what the subcommands share: their arguments, and errors that name the command."""

import gdb

from chitin_gdb import machine


class Command(gdb.Command):
    """Subclasses: `name`, `arguments_max`, a docstring for help, and show(machine, arguments)."""

    name = ""
    arguments_max = 0
    arguments_min = 0

    def __init__(self):
        super().__init__("chitin " + self.name, gdb.COMMAND_DATA)

    def invoke(self, text, from_tty):
        arguments = gdb.string_to_argv(text)
        try:
            if not self.arguments_min <= len(arguments) <= self.arguments_max:
                usage = self.__doc__.splitlines()[0]
                raise gdb.GdbError(f"{len(arguments)} arguments; usage: {usage}")
            self.show(machine.find(), arguments)
        except gdb.GdbError as error:
            raise gdb.GdbError(f"chitin {self.name}: {error}") from error
        except gdb.MemoryError as error:
            raise gdb.GdbError(f"chitin {self.name}: the machine's memory cannot be read: "
                               f"{error}") from error
