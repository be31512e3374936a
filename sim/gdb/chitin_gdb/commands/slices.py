"""chitin slices."""

from chitin_gdb import layout
from chitin_gdb.commands.command import Command
from chitin_gdb.table import show


class Slices(Command):
    """chitin slices: how each core's time is divided: its cycle, and the positions in use.

The first line of a core is its cycle; `*` marks the position whose turn it is. Positions that have
no capability are left out: their time is idle time."""

    name = "slices"

    def show(self, machine, arguments):
        rows = []
        for core in machine.cores:
            if core.kernel is None:
                continue
            cycle = layout.read("kernel::abi::CycleInfo", core.kernel.system.cycle)
            print(f"core {core.number}: {cycle.positions} positions of {cycle.slice_ns} ns, grace "
                  f"{cycle.grace_ns} ns, {cycle.allocated} allocated; at position "
                  f"{cycle.position} until {cycle.turn_end_ns} ns; idle time to "
                  + (f"environment {cycle.idle}" if cycle.idle else "all in turn"))
            for position, part in enumerate(cycle.slices[:cycle.positions]):
                if part.caps == 0:
                    continue
                rows.append([core.number, position, "*" if position == cycle.position else "",
                             part.env if part.env else "-", core.kernel.ref_text(part.binding),
                             part.turns, part.debt_ns, part.overrun_ns, part.forfeited_ns])
        if rows:
            show(["core", "position", "now", "env", "bound by", "turns", "debt_ns", "overrun_ns",
                  "forfeited_ns"], rows)


def register():
    Slices()
