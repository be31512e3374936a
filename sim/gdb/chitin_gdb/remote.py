"""The way to the bare machine: `chitin debug --image` has QEMU wait at a socket."""

import os
import time

import gdb

from chitin_gdb import bare

PATIENCE_S = 20  # for QEMU to make its socket


def end_with_gdb(folder):
    """Otherwise gdb would leave the machine running, and its last words would come after gdb.

    The file `ended` tells `chitin debug` that this is no failure of the machine."""
    def end(event):
        if gdb.selected_thread() is not None:
            with open(os.path.join(folder, "ended"), "wb"):
                pass
            try:
                gdb.execute("kill", to_string=True)
            except gdb.error:
                pass  # it was gone before its answer was read

    gdb.events.gdb_exiting.connect(end)


def connect(folder, symbols):
    """Loads the programs' symbols and stops at the machine's first instruction."""
    gdb.execute("set confirm off")
    gdb.execute("set architecture i386:x86-64", to_string=True)
    names = sorted(os.listdir(symbols)) if os.path.isdir(symbols) else []
    for name in names:
        gdb.execute(f"add-symbol-file {os.path.join(symbols, name)}", to_string=True)
    if not names:
        print(f"no symbols of programs in {symbols}: build the image again")
    gdb.set_convenience_variable(bare.EVENTS, os.path.join(folder, "events"))
    socket = os.path.join(folder, "gdb")
    end = time.monotonic() + PATIENCE_S
    while not os.path.exists(socket):
        if time.monotonic() > end:
            raise gdb.GdbError("QEMU does not answer: its message comes when gdb has ended")
        time.sleep(0.05)
    gdb.execute(f"target remote {socket}")
    end_with_gdb(folder)
