"""The commands of `chitin`, one file a subject."""

import gdb

from chitin_gdb.commands import backtrace, capabilities, cores, envs, frames, rings, slices
from chitin_gdb.commands import trace, walk


class Chitin(gdb.Command):
    """What Chitin's kernels know: cores, environments, capabilities, frames, page tables.

ENV is an environment's number, or CORE:NUMBER where there are several cores."""

    def __init__(self):
        super().__init__("chitin", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)


def register():
    Chitin()
    for subject in (backtrace, capabilities, cores, envs, frames, rings, slices, trace, walk):
        subject.register()
