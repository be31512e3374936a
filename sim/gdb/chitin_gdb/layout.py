"""Layout: structures of the debugged program as Python values, decoded by their gdb.Type.

No offset is written down here: what the kernel's sources change, this follows. Values are read
whole and at once, so they stay true when another thread is selected.

A structure becomes a SimpleNamespace; a distinct type (VirtAddr, FrameNumber, ...) its number; a
pointer or reference the address; a fixed array a list, one of characters bytes. What is none of
these (unions) becomes None.
"""

import struct
from types import SimpleNamespace

import gdb

POINTER = 8
DISTINCT = "kernel::abi::Distinct<"
FORMATS = {(1, False): "<B", (2, False): "<H", (4, False): "<I", (8, False): "<Q",
           (1, True): "<b", (2, True): "<h", (4, True): "<i", (8, True): "<q"}
SCALARS = (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_CHAR, gdb.TYPE_CODE_BOOL, gdb.TYPE_CODE_ENUM)
ADDRESSES = (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF)

_types = {}
_decoders = {}


def type_of(name):
    """The type with that full name. Raises gdb.GdbError where the program has no such type."""
    if name not in _types:
        try:
            _types[name] = gdb.lookup_type(name).strip_typedefs()
        except gdb.error as error:
            raise gdb.GdbError(f"no debug information of {name}: is this Chitin's executable, "
                               "built by the preset release, debug or image?") from error
    return _types[name]


def forget(event):
    """Types belong to the files that gdb has loaded: new files, new types."""
    _types.clear()
    _decoders.clear()


def read_bytes(address, size):
    """Raises gdb.MemoryError."""
    return gdb.selected_inferior().read_memory(address, size).tobytes()


def read_word(address):
    return struct.unpack("<Q", read_bytes(address, POINTER))[0]


def read(type_name, address):
    kind = type_of(type_name)
    return decoder(kind)(read_bytes(address, kind.sizeof), 0)


def decode(type_name, data, offset=0):
    return decoder(type_of(type_name))(data, offset)


def offset_of(type_name, path):
    """In bytes, of a member such as "forest.memory_"."""
    kind = type_of(type_name)
    offset = 0
    for name in path.split("."):
        field = next((f for f in kind.fields() if f.name == name), None)
        if field is None:
            raise gdb.GdbError(f"{kind} has no member {name}: sim/gdb does not fit this build")
        offset += field.bitpos // 8
        kind = field.type.strip_typedefs()
    return offset


def decoder(kind):
    """A function (bytes, offset) -> value for a gdb.Type."""
    kind = kind.strip_typedefs()
    key = (str(kind), kind.sizeof)
    if key not in _decoders:
        _decoders[key] = _make_decoder(kind)
    return _decoders[key]


def _make_decoder(kind):
    if kind.code in SCALARS:
        signed = kind.code == gdb.TYPE_CODE_INT and kind.is_signed
        return _scalar(FORMATS[kind.sizeof, signed])
    if kind.code in ADDRESSES:
        return _scalar("<Q")
    if kind.code == gdb.TYPE_CODE_ARRAY:
        return _array(kind)
    if kind.code == gdb.TYPE_CODE_STRUCT:
        if str(kind.unqualified()).startswith(DISTINCT):
            return decoder(kind.fields()[0].type)
        return _structure(kind)
    return lambda data, offset: None


def _scalar(form):
    unpack = struct.Struct(form).unpack_from
    return lambda data, offset: unpack(data, offset)[0]


def _array(kind):
    low, high = kind.range()
    count = high - low + 1
    element = kind.target().strip_typedefs()
    if element.sizeof == 1 and element.code in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_CHAR):
        return lambda data, offset: data[offset:offset + count]
    one, size = decoder(element), element.sizeof
    return lambda data, offset: [one(data, offset + i * size) for i in range(count)]


def _structure(kind):
    plan = []
    for field in kind.fields():
        if not hasattr(field, "bitpos") or field.is_base_class or field.bitsize != 0:
            continue
        plan.append((field.name, field.bitpos // 8, decoder(field.type)))

    def decode_one(data, offset):
        value = SimpleNamespace()
        for name, at, one in plan:
            setattr(value, name, one(data, offset + at))
        return value

    return decode_one


def enumerators(type_name):
    """Number -> short name."""
    return {f.enumval: f.name.rsplit("::", 1)[-1] for f in type_of(type_name).fields()}


def name_of(type_name, number):
    return enumerators(type_name).get(number, f"?{number}")


def rights_text(number):
    """kernel::abi::Rights as its letters would be said: read|write, all, none."""
    names = enumerators("kernel::abi::Rights")
    if number in names:
        return names[number]
    bits = [names.get(1 << bit, f"?{1 << bit}") for bit in range(8) if number >> bit & 1]
    return "|".join(bits)


def symbol_address(name):
    """Of a symbol without debug information too. None: the program has no such symbol."""
    try:
        return int(gdb.parse_and_eval(f"(unsigned long)&{name}"))
    except gdb.error:
        return None
