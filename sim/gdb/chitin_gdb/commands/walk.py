"""chitin walk."""

import gdb

from chitin_gdb import layout, printers
from chitin_gdb.commands.command import Command
from chitin_gdb.kernel import FRAME_MASK, PAGE, PRESENT
from chitin_gdb.machine import env_of, parse_number
from chitin_gdb.table import hexadecimal, show


class Walk(Command):
    """chitin walk ADDRESS [ENV]: the page-table entries that translate an environment's address.

ADDRESS is any expression. Without ENV: the environment whose tables the core's MMU walks."""

    name = "walk"
    arguments_min = 1
    arguments_max = 2

    def show(self, machine, arguments):
        address = parse_number(arguments[0], "an address") % 2 ** 64
        core, env = self._env(machine, arguments[1:])
        kernel = core.kernel
        if not kernel.in_window(address):
            raise gdb.GdbError(f"{address:#x} is not in the environments' window, which begins at "
                               f"{kernel.system.window_base:#x}: its mapping is the machine's own")
        steps = kernel.walk(env.root, address)
        show(["level", "table", "entry", "bits", "meaning"],
             [[s.level, s.table, s.index, hexadecimal(s.bits), printers.entry_text(s.bits)]
              for s in steps])
        leaf = steps[-1]
        where = f"core {core.number}, environment {env.id}: {address:#x}"
        if leaf.bits & PRESENT == 0:
            print(f"{where} is not mapped: nothing at level {leaf.level}")
            return
        frame = (leaf.bits & FRAME_MASK) // PAGE
        print(f"{where} is physical {frame * PAGE + address % PAGE:#x}, frame {frame}"
              + self._record(kernel, frame))

    def _env(self, machine, arguments):
        if arguments:
            return env_of(machine, arguments[0])
        core = machine.current()
        if core.kernel.system.loaded == 0:
            raise gdb.GdbError(f"core {core.number} has not run an environment yet: name one")
        return core, core.kernel.env_at(core.kernel.system.loaded)

    def _record(self, kernel, frame):
        if not kernel.in_pool(frame):
            return " (not of this core's pool)"
        record = kernel.frame(frame)
        return (f" ({layout.name_of('kernel::abi::FrameState', record.state)}, "
                f"{record.caps} capabilities, first {kernel.ref_text(record.first_cap)})")


def register():
    Walk()
