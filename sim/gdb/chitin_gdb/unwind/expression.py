"""Expressions of unwind tables: the part of [dwarf5] 2.5 that compilers put there."""

from chitin_gdb.unwind.reader import Reader

MASK = 2 ** 64 - 1
CONSTANTS = {0x08: "<B", 0x09: "<b", 0x0a: "<H", 0x0b: "<h", 0x0c: "<I", 0x0d: "<i", 0x0e: "<Q"}
BINARY = {0x1a: lambda a, b: a & b, 0x1c: lambda a, b: a - b, 0x1e: lambda a, b: a * b,
          0x21: lambda a, b: a | b, 0x22: lambda a, b: a + b, 0x24: lambda a, b: a << b,
          0x25: lambda a, b: a >> b, 0x2a: lambda a, b: a >= b, 0x2d: lambda a, b: a < b}


def evaluate(block, registers, read_word, first=None):
    """The value. `first` lies on the stack at the beginning. Raises ValueError for what compilers
    do not use in unwind tables."""
    stack = [] if first is None else [first]
    reader = Reader(block)
    while reader.more():
        code = reader.u8()
        if code in CONSTANTS:
            stack.append(reader.number(CONSTANTS[code]))
        elif 0x30 <= code <= 0x4f:
            stack.append(code - 0x30)
        elif 0x70 <= code <= 0x8f:
            stack.append(registers[code - 0x70] + reader.signed())
        elif code == 0x06:
            stack.append(read_word(stack.pop()))
        elif code == 0x23:
            stack.append(stack.pop() + reader.unsigned())
        elif code in BINARY:
            right, left = stack.pop(), stack.pop()
            stack.append(int(BINARY[code](left, right)))
        else:
            raise ValueError(f"operation {code:#x} in an unwind table")
        stack[-1] &= MASK
    return stack.pop()
