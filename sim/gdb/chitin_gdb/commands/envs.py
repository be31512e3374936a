"""chitin envs."""

import gdb

from chitin_gdb import layout
from chitin_gdb.commands.command import Command
from chitin_gdb.machine import core_of
from chitin_gdb.table import show
from chitin_gdb.unwind import stacks


class Envs(Command):
    """chitin envs [CORE]: every environment: its state, what it holds, what it has done.

`frame` is its object, `root` its page table; `used` counts its account's frames; `where` is the
function it is in, as far as its stack can be read."""

    name = "envs"
    arguments_max = 1

    def show(self, machine, arguments):
        cores = [core_of(machine, arguments[0])] if arguments else machine.cores
        if all(core.kernel is None or not core.kernel.envs() for core in cores):
            print("no environments")
            return
        rows = [self._row(machine, core, env) for core in cores if core.kernel
                for env in core.kernel.envs()]
        show(["core", "env", "state", "name", "creator", "frame", "root", "used", "calls",
              "upcalls", "faults", "time_ns", "where"], rows)

    def _row(self, machine, core, env):
        info = core.kernel.env_info(env)
        place = self._where(machine, core, env)
        name = machine.name_of(core, env) or place.program or "-"
        return [core.number, env.id, layout.name_of("kernel::abi::EnvState", info.state), name,
                env.creator, env.self, env.root, info.frames_used, info.calls, info.upcalls,
                info.faults, info.time_ns, place.function]

    def _where(self, machine, core, env):
        try:
            return stacks.place_of(machine, core, env)
        except gdb.MemoryError:
            return stacks.Place("", "?")


def register():
    Envs()
