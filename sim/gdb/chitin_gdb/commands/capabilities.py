"""chitin caps."""

from chitin_gdb import layout
from chitin_gdb.commands.command import Command
from chitin_gdb.machine import env_of
from chitin_gdb.table import hexadecimal, show

PAGE_SHIFT = 12


class Capabilities(Command):
    """chitin caps [ENV]: the slots of its capability table that are not empty; of all without ENV.

`parent` and `child` are named ENV:SLOT, as is `peer`, the other half of one that was lent to
another core (TABLE FRAME/INDEX there); `mapped` is the address of a frame's one mapping, the first
address a table covers, or a slice's position."""

    name = "caps"
    arguments_max = 1

    def show(self, machine, arguments):
        if arguments:
            chosen = [env_of(machine, arguments[0])]
        else:
            chosen = [(core, env) for core in machine.cores if core.kernel
                      for env in core.kernel.envs()]
        rows = []
        for core, env in chosen:
            for slot, capability in core.kernel.capabilities(env):
                rows.append([core.number, env.id, slot] + self._row(core.kernel, capability))
        show(["core", "env", "slot", "type", "object", "rights", "mapped", "parent", "child",
              "link", "peer"], rows)

    def _row(self, kernel, capability):
        link = layout.name_of("kernel::cap::Link", capability.link)
        return [layout.name_of("kernel::abi::CapType", capability.type), capability.object,
                layout.rights_text(capability.rights), self._mapped(kernel, capability),
                kernel.ref_text(capability.parent), kernel.ref_text(capability.child),
                "-" if capability.link == 0 else f"{link} core {capability.core}",
                kernel.ref_text(capability.peer)]

    def _mapped(self, kernel, capability):
        kind = layout.name_of("kernel::abi::CapType", capability.type)
        if kind == "slice":
            return str(capability.mapping)
        if capability.mapping == 0:
            return "-"
        return hexadecimal(kernel.system.window_base + (capability.mapping << PAGE_SHIFT))


def register():
    Capabilities()
