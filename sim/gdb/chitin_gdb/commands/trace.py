"""chitin trace."""

import gdb

from chitin_gdb import layout
from chitin_gdb.commands.command import Command
from chitin_gdb.machine import parse_number
from chitin_gdb.table import show

EVENT = "kernel::abi::Event"
LINES = 10
CODES = {"upcall": "kernel::abi::Upcall", "ended": "kernel::abi::EndReason",
         "call": "kernel::abi::Call"}
KINDS = {"ended": "ended:", "transfer": "transfer came back"}  # as `chitin trace FILE` says it


def what(event):
    kind = layout.name_of("kernel::abi::EventKind", event.kind)
    if kind == "call":
        return layout.name_of(CODES[kind], event.code)
    if kind in CODES:
        return KINDS.get(kind, kind) + f" {layout.name_of(CODES[kind], event.code)}"
    return KINDS.get(kind, f"{kind} {event.code}")


class Trace(Command):
    """chitin trace [N]: the last N events of the history; default: 10.

`event` counts from 0 over all cores, as --stop-at does; addresses are relative to the window."""

    name = "trace"
    arguments_max = 1

    def show(self, machine, arguments):
        wanted = parse_number(arguments[0], "a number of events") if arguments else LINES
        if wanted < 1:
            raise gdb.GdbError(f"{wanted}: expected a number of events, 1 or more")
        data = machine.events()
        size = layout.type_of(EVENT).sizeof
        count = len(data) // size
        each = max(len(core.kernel.system.envs) for core in machine.cores if core.kernel)
        rows = []
        for number in range(max(0, count - wanted), count):
            event = layout.decode(EVENT, data, number * size)
            words = " ".join(f"{word:#x}" for word in event.words[:event.word_count])
            rows.append([number, event.time, event.env // each, event.env % each, what(event),
                         layout.name_of("kernel::abi::Status", event.status), words])
        show(["event", "ns", "core", "env", "what", "status", "words"], rows)


def register():
    Trace()
