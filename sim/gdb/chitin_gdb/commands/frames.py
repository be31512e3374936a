"""chitin frames."""

from collections import Counter

import gdb

from chitin_gdb import layout
from chitin_gdb.commands.command import Command
from chitin_gdb.machine import env_of
from chitin_gdb.table import show

STATE = "kernel::abi::FrameState"
RECORD = "kernel::abi::FrameInfo"


class Frames(Command):
    """chitin frames [ENV|STATE]: how many page frames are in which state, or which ones.

Without an argument: the count of each state on each core, with the pool's size and the kernel's own
count of free ones. STATE is one of free kernel user table root cap_table env account; ENV names the
environment that owns them or whose account pays for them. `caps` is how many capabilities name the
frame, `first` the first one, as ENV:SLOT."""

    name = "frames"
    arguments_max = 1

    def show(self, machine, arguments):
        if not arguments:
            return self._summary(machine)
        states = layout.enumerators(STATE)
        wanted = next((n for n, name in states.items() if name == arguments[0]), None)
        if wanted is not None:
            chosen = [(core, lambda frame: frame.state == wanted)
                      for core in machine.cores if core.kernel]
        else:
            try:
                core, env = env_of(machine, arguments[0])
            except gdb.GdbError as error:
                raise gdb.GdbError(f"{error}; or a state: {' '.join(states.values())}") from error
            account = core.kernel.env_info(env).account
            chosen = [(core, lambda frame: frame.state != 0 and
                       (frame.owner == env.self or frame.account == account))]
        return self._list(chosen)

    def _summary(self, machine):
        rows = []
        at = layout.offset_of(RECORD, "state")
        for core in machine.cores:
            if core.kernel is None:
                continue
            data = core.kernel.frame_records()
            counts = Counter(data[at::core.kernel.frame_size()])
            for number, name in layout.enumerators(STATE).items():
                if counts[number]:
                    rows.append([core.number, name, counts[number]])
            rows.append([core.number, "= all", sum(counts.values())])
            rows.append([core.number, "pool", core.kernel.info.pool_frames])
            rows.append([core.number, "counted free", core.kernel.info.free_frames])
        show(["core", "state", "frames"], rows)

    def _list(self, chosen):
        rows = []
        for core, matches in chosen:
            kernel = core.kernel
            data = kernel.frame_records()
            for i in range(kernel.info.pool_frames):
                frame = layout.decode(RECORD, data, i * kernel.frame_size())
                if not matches(frame):
                    continue
                rows.append([core.number, kernel.info.pool_first + i,
                             layout.name_of(STATE, frame.state), frame.level, frame.entries,
                             kernel.env_name(frame.owner), frame.account, frame.caps,
                             kernel.ref_text(frame.first_cap)])
        show(["core", "frame", "state", "level", "entries", "owner", "account", "caps", "first"],
             rows)


def register():
    Frames()
