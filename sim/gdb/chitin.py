"""What gdb knows of Chitin: `gdb -x sim/gdb/chitin.py`, or `chitin debug SCENARIO`.

Adds the command `chitin` (help chitin), pretty printers for the kernel's distinct types, and what
the hosted machine's signals need. Nothing is read before a command asks for it.
"""

import os
import sys

import gdb

sys.dont_write_bytecode = True  # the sources' folder stays as it is
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

# Found on that path.
from chitin_gdb import commands, layout, printers, signals
from chitin_gdb.unwind import code

gdb.events.clear_objfiles.connect(layout.forget)
gdb.events.clear_objfiles.connect(code.forget)
printers.register()
signals.leave_to_the_machine()
commands.register()
