"""Unwinder: from one frame's registers to its caller's, without touching the machine."""

from collections import namedtuple

import gdb

from chitin_gdb.unwind import code, expression

# As DWARF numbers them ([sysv-amd64] 3.6.2).
NAMES = ("rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12",
         "r13", "r14", "r15", "rip")
RSP, RIP = NAMES.index("rsp"), NAMES.index("rip")
FRAMES_MAX = 128

# `address`: where the frame is; `lookup`: inside the instruction it is at (a return address lies
# behind its call).
Frame = namedtuple("Frame", "address lookup registers")


class Unwinder:
    """`read(address, size)` gives the stack's memory and raises gdb.MemoryError."""

    def __init__(self, read):
        self._read = read
        self.end = ""  # why there is no further frame

    def word(self, address):
        return int.from_bytes(self._read(address, 8), "little")

    def frames(self, registers, called=False):
        """Frames from `registers` (by number) outwards. `called`: rip is a return address."""
        for depth in range(FRAMES_MAX):
            rip = registers[RIP]
            if rip == 0:
                return
            inside = rip - 1 if called else rip
            yield Frame(rip, inside, registers)
            try:
                row = code.row_at(inside)
                registers = self._caller(row, registers, innermost=depth == 0 and not called)
            except gdb.MemoryError as error:
                self.end = f"its caller's frame cannot be read: {error}"
                return
            except (KeyError, ValueError) as error:
                self.end = f"the unwind table asks for what is not known: {error}"
                return
            if registers is None:
                return
            called = row is None or not row.signal
        self.end = f"more than {FRAMES_MAX} frames"

    def _caller(self, row, registers, innermost):
        if row is None:
            # Assembly. What is left at any moment was called from C++ and keeps the stack.
            return self._leave_leaf(registers) if innermost else None
        if isinstance(row.cfa, tuple):
            cfa = registers[row.cfa[0]] + row.cfa[1]
        else:
            cfa = expression.evaluate(row.cfa, registers, self.word)
        caller = dict(registers)
        for number, rule in row.rules.items():
            caller.pop(number, None)
            value = self._apply(rule, cfa, registers)
            if value is not None:
                caller[number] = value
        if RSP not in row.rules:
            caller[RSP] = cfa
        if row.return_register not in caller or row.return_register not in row.rules:
            return None
        caller[RIP] = caller[row.return_register]
        return caller

    def _apply(self, rule, cfa, registers):
        if rule.kind == "offset":
            return self.word(cfa + rule.value)
        if rule.kind == "value":
            return cfa + rule.value
        if rule.kind == "register":
            return registers[rule.value]
        if rule.kind == "expression":
            return self.word(expression.evaluate(rule.value, registers, self.word, cfa))
        if rule.kind == "value_expression":
            return expression.evaluate(rule.value, registers, self.word, cfa)
        return None

    def _leave_leaf(self, registers):
        caller = dict(registers)
        caller[RIP] = self.word(registers[RSP])
        caller[RSP] = registers[RSP] + 8
        return caller
