"""Reader: numbers out of bytes, as DWARF writes them ([dwarf5] 7.6, [lsb] 10.5)."""

import struct

# Pointer encodings of .eh_frame ([lsb] 10.5.1).
OMITTED = 0xff
ABSOLUTE, RELATIVE = 0x00, 0x10
FORMATS = {0x00: "<Q", 0x02: "<H", 0x03: "<I", 0x04: "<Q", 0x0a: "<h", 0x0b: "<i", 0x0c: "<q"}


class Reader:
    def __init__(self, data, at=0, end=None):
        self.data, self.at = data, at
        self.end = len(data) if end is None else end

    def more(self):
        return self.at < self.end

    def number(self, form):
        value = struct.unpack_from(form, self.data, self.at)[0]
        self.at += struct.calcsize(form)
        return value

    def u8(self):
        return self.number("<B")

    def unsigned(self):
        """ULEB128."""
        value = shift = 0
        while True:
            byte = self.u8()
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte & 0x80 == 0:
                return value

    def signed(self):
        """SLEB128."""
        begin = self.at
        value = self.unsigned()
        bits = 7 * (self.at - begin)
        return value - (1 << bits) if self.data[self.at - 1] & 0x40 else value

    def text(self):
        end = self.data.index(b"\0", self.at)
        value = self.data[self.at:end]
        self.at = end + 1
        return value

    def block(self):
        size = self.unsigned()
        self.at += size
        return self.data[self.at - size:self.at]

    def pointer(self, encoding, section_address):
        """Of .eh_frame; a relative one counts from its own place."""
        base = section_address + self.at if encoding & 0x70 == RELATIVE else 0
        if encoding & 0x70 not in (ABSOLUTE, RELATIVE):
            raise ValueError(f"pointer encoding {encoding:#x}")
        return (base + self.number(FORMATS[encoding & 0x0f])) % 2 ** 64
