"""Tables: which rule restores which register, for every address of an executable's code.

.eh_frame ([lsb] 10.6) or .debug_frame ([dwarf5] 6.4), whichever the file has. An entry's rules are
worked out when an address is looked up, and not before.
"""

import bisect
from collections import namedtuple

from chitin_gdb.unwind.reader import OMITTED, Reader

# How the caller's value of a register is found, `value` an offset from the frame's CFA, a register
# or an expression. A register without a rule keeps its value.
Rule = namedtuple("Rule", "kind value")
UNDEFINED = Rule("undefined", None)
# `signal`: the frame was interrupted, so its caller's address is no return address.
Row = namedtuple("Row", "cfa rules return_register signal")


class Common:
    """A CIE."""

    def __init__(self, reader, eh, address):
        version = reader.u8()
        augmentation = reader.text()
        if version >= 4:
            reader.at += 2  # sizes of addresses and segments
        self.code_align = reader.unsigned()
        self.data_align = reader.signed()
        self.return_register = reader.u8() if version == 1 else reader.unsigned()
        self.encoding, self.augmented = 0, augmentation.startswith(b"z")
        self.signal = b"S" in augmentation
        if self.augmented:
            reader.unsigned()
            for letter in augmentation[1:]:
                self._augment(reader, letter, address)
        self.program = reader.data[reader.at:reader.end]

    def _augment(self, reader, letter, address):
        if letter == ord("R"):
            self.encoding = reader.u8()
        elif letter == ord("P"):
            encoding = reader.u8()
            reader.pointer(encoding & 0x7f, address)
        elif letter == ord("L"):
            reader.u8()


Entry = namedtuple("Entry", "begin end common program")


class Tables:
    def __init__(self, elf):
        self.entries = []
        if ".eh_frame" in elf.sections:
            self._read(elf.sections[".eh_frame"], True)
        if ".debug_frame" in elf.sections:
            self._read(elf.sections[".debug_frame"], False)
        self.entries.sort(key=lambda entry: entry.begin)
        self.begins = [entry.begin for entry in self.entries]

    def _read(self, section, eh):
        commons = {}
        reader = Reader(section.data)
        while reader.more():
            start = reader.at
            length = reader.number("<I")
            if length == 0:
                continue
            wide = length == 0xffff_ffff
            if wide:
                length = reader.number("<Q")
            place = reader.at
            identity = reader.number("<Q" if wide else "<I")
            body = Reader(section.data, reader.at, place + length)
            reader.at = place + length
            if identity == (0 if eh else (2 ** 64 if wide else 2 ** 32) - 1):
                commons[start] = Common(body, eh, section.address)
                continue
            common = commons.get(place - identity if eh else identity)
            if common is not None and common.encoding != OMITTED:
                self._entry(body, common, eh, section.address)

    def _entry(self, body, common, eh, address):
        if eh:
            begin = body.pointer(common.encoding, address)
            size = body.pointer(common.encoding & 0x0f, address)
            if common.augmented:
                body.block()
        else:
            begin, size = body.number("<Q"), body.number("<Q")
        if begin != 0 and size != 0:  # 0: the linker dropped the function
            self.entries.append(Entry(begin, begin + size, common, body.data[body.at:body.end]))

    def row(self, address):
        """The Row for a code address of the file, or None: nothing covers it."""
        index = bisect.bisect_right(self.begins, address) - 1
        if index < 0 or address >= self.entries[index].end:
            return None
        entry = self.entries[index]
        return Program(entry.common).run(entry, address)


class Program:
    """The machine of [dwarf5] 6.4.2: runs a table entry's instructions up to an address."""

    def __init__(self, common):
        self.common = common
        self.cfa, self.rules, self.initial, self.saved = None, {}, {}, []

    def run(self, entry, address):
        self._run(Reader(self.common.program), None, None)
        self.initial = dict(self.rules)
        self._run(Reader(entry.program), entry.begin, address)
        return Row(self.cfa, self.rules, self.common.return_register, self.common.signal)

    def _run(self, reader, location, target):
        while reader.more():
            code = reader.u8()
            moved = self._advance(code, reader)
            if moved is not None:
                location += moved * self.common.code_align
                if location > target:
                    return
            else:
                self._instruction(code, reader)

    @staticmethod
    def _advance(code, reader):
        if code >> 6 == 1:
            return code & 0x3f
        forms = {0x02: "<B", 0x03: "<H", 0x04: "<I"}
        return reader.number(forms[code]) if code in forms else None

    def _instruction(self, code, reader):
        low, align = code & 0x3f, self.common.data_align
        if code >> 6 == 2:
            self.rules[low] = Rule("offset", reader.unsigned() * align)
        elif code >> 6 == 3:
            self._restore(low)
        elif code in (0x05, 0x11):  # offset_extended, _sf
            register = reader.unsigned()
            factored = reader.unsigned() if code == 0x05 else reader.signed()
            self.rules[register] = Rule("offset", factored * align)
        elif code in (0x14, 0x15):  # val_offset, _sf
            register = reader.unsigned()
            factored = reader.unsigned() if code == 0x14 else reader.signed()
            self.rules[register] = Rule("value", factored * align)
        elif code == 0x06:
            self._restore(reader.unsigned())
        elif code == 0x07:
            self.rules[reader.unsigned()] = UNDEFINED
        elif code == 0x08:  # same_value
            self.rules.pop(reader.unsigned(), None)
        elif code == 0x09:
            register = reader.unsigned()
            self.rules[register] = Rule("register", reader.unsigned())
        elif code == 0x0a:
            self.saved.append((self.cfa, dict(self.rules)))
        elif code == 0x0b:
            self.cfa, self.rules = self.saved.pop()
        elif code in (0x10, 0x16):  # expression, val_expression
            register = reader.unsigned()
            kind = "expression" if code == 0x10 else "value_expression"
            self.rules[register] = Rule(kind, reader.block())
        elif code == 0x2e:  # the size of arguments: of no use here
            reader.unsigned()
        elif code != 0:
            self._define_cfa(code, reader)

    def _define_cfa(self, code, reader):
        align = self.common.data_align
        if code == 0x0c:
            self.cfa = (reader.unsigned(), reader.unsigned())
        elif code == 0x12:
            self.cfa = (reader.unsigned(), reader.signed() * align)
        elif code == 0x0d:
            self.cfa = (reader.unsigned(), self.cfa[1])
        elif code == 0x0e:
            self.cfa = (self.cfa[0], reader.unsigned())
        elif code == 0x13:
            self.cfa = (self.cfa[0], reader.signed() * align)
        elif code == 0x0f:
            self.cfa = reader.block()
        else:
            raise ValueError(f"call-frame instruction {code:#x}")

    def _restore(self, register):
        if register in self.initial:
            self.rules[register] = self.initial[register]
        else:
            self.rules.pop(register, None)
