"""chitin cores."""

from chitin_gdb.commands.command import Command
from chitin_gdb.table import show

NEVER = 2 ** 64 - 1


def state(kernel):
    system = kernel.system
    if system.finished:
        return "finished"
    if system.root_gone:
        return "root gone"
    if system.running == 0:
        return "waits"
    return "runs"


class Cores(Command):
    """chitin cores: each core's kernel: its time, whom it runs, what is left of its memory.

`*` marks the core that gdb stopped in (hosted) or whose thread is selected (image). `at` is the
core's virtual time in ns, `next` when something is due for it; `running` is the environment to run,
`loaded` the one whose page tables the MMU walks."""

    name = "cores"

    def show(self, machine, arguments):
        here = machine.current()
        rows = [["*" if core is here else "", core.number] + self._row(core.kernel)
                for core in machine.cores]
        show(["", "core", "state", "at", "next", "running", "loaded", "envs", "free", "pool"], rows)

    def _row(self, kernel):
        if kernel is None:
            return ["not started"] + ["-"] * 7
        system, due = kernel.system, kernel.system.next_event
        # The hosted machine's clocks differ by build (sim/machine/clock).
        clock = getattr(kernel.core, "clock_", kernel.core)
        return [state(kernel), clock.now_ns_, "never" if due == NEVER else due,
                kernel.env_name(system.running), kernel.env_name(system.loaded),
                len(kernel.envs()), kernel.info.free_frames, kernel.info.pool_frames]


def register():
    Cores()
