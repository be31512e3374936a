"""Elf: the sections of an executable that hold its unwind tables.

System V gABI chapter 4. Only 64-bit little-endian files are opened.
"""

import mmap
import struct

HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
SECTION = struct.Struct("<IIQQQQIIQQ")
IDENTITY = b"\x7fELF\x02\x01"
SHARED = 3


class Section:
    def __init__(self, address, data):
        self.address = address
        self.data = data


class Elf:
    """Raises OSError or ValueError (with the file's name) for what cannot be read."""

    def __init__(self, path):
        with open(path, "rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if data[:len(IDENTITY)] != IDENTITY:
            raise ValueError(f"{path}: not a 64-bit little-endian ELF file")
        header = HEADER.unpack_from(data, 0)
        self.movable = header[1] == SHARED  # position-independent: the host chooses its place
        self.entry = header[4]
        offset, size, count, names = header[6], header[11], header[12], header[13]
        records = [SECTION.unpack_from(data, offset + i * size) for i in range(count)]
        strings = records[names][4] if count else 0
        self.sections = {}
        for record in records:
            begin = strings + record[0]
            name = data[begin:data.find(b"\0", begin)].decode(errors="replace")
            if name in (".eh_frame", ".debug_frame"):
                at, length = record[4], record[5]
                self.sections[name] = Section(record[3], data[at:at + length])
