"""The bare machine in QEMU: a thread of gdb for each core.

What a core has of its own (its stack, `chitin_core_state`) lies at one address on all of them, so a
core's thread is selected while that is read; physical memory looks the same from every core.
"""

import contextlib
import os

import gdb

from chitin_gdb import layout
from chitin_gdb.machine import Core, kernel_at

EVENTS = "chitin_events"  # gdb's variable with the name of the file that events are written to


@contextlib.contextmanager
def selected(thread):
    before = gdb.selected_thread()
    thread.switch()
    try:
        yield
    finally:
        before.switch()


def in_user_mode():
    """Does the selected thread run an environment?"""
    return int(gdb.newest_frame().read_register("cs")) & 3 == 3


class BareCore(Core):
    def __init__(self, thread, low, high):
        self.thread, self.low, self.high = thread, low, high
        kernel = None
        with selected(thread):
            try:
                kernel = kernel_at(low, high)
            except gdb.MemoryError:
                pass  # no paging yet: it was not started
        super().__init__(kernel.info.core if kernel else None, kernel)


    def on_kernel_stack(self):
        """Not while an environment runs, nor in the first instructions after it."""
        with selected(self.thread):
            return self.low <= int(gdb.newest_frame().read_register("rsp")) <= self.high


class BareMachine:
    hosted = False

    def __init__(self):
        high = layout.symbol_address("chitin_kernel_stack_top")
        low = layout.symbol_address("chitin_guards_begin") + 4096  # behind the first guard
        threads = sorted(gdb.selected_inferior().threads(), key=lambda thread: thread.num)
        cores = [BareCore(thread, low, high) for thread in threads]
        count = next((c.kernel.info.cores for c in cores if c.kernel), 0)
        self.cores = [next((c for c in cores if c.number == i), Core(i, None))
                      for i in range(count)]

    def current(self):
        """The selected thread's core; where it runs no cell, the first one that does."""
        chosen = gdb.selected_thread()
        running = [core for core in self.cores if core.kernel]
        return next((core for core in running if core.thread.num == chosen.num), running[0])

    def name_of(self, core, env):
        return ""

    def events(self):
        """The history so far, as bytes."""
        name = gdb.convenience_variable(EVENTS)
        if name is None or not os.path.exists(name.string()):
            raise gdb.GdbError("the machine's events are kept by `chitin debug --image` only")
        with open(name.string(), "rb") as file:
            return file.read()
