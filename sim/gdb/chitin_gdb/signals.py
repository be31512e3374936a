"""Signals: the hosted machine's traps are the host's signals, so gdb must not stop at them.

They are those of sim/host/interruption.cpp: faults, and the watchdog's timer (SIGRTMIN + 5 of the
C library, which gdb calls SIG39). SIGTRAP stays gdb's own: an environment's int3 stops gdb. A crash
of the simulator itself goes through give_back() there: a breakpoint on it stops at a real one.
"""

import gdb

MACHINES_OWN = ("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIG39")


def leave_to_the_machine():
    for signal in MACHINES_OWN:
        gdb.execute(f"handle {signal} nostop noprint pass", to_string=True)
