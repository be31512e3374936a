"""Pretty printers of the kernel's types: numbers with their meaning, Status and Result in words."""

import re

import gdb

from chitin_gdb import layout

HEXADECIMAL = ("PhysAddr", "VirtAddr")
PAGE_FLAGS = ((1, "present"), (2, "writable"), (4, "user"), (1 << 5, "accessed"),
              (1 << 6, "dirty"), (1 << 63, "no-execute"))  # [intel/vol3] 4.5.5
CAP_REF = "kernel::abi::CapRef"  # another name of an integer: to be told apart by the name alone
PAGE = 4096
FRAME_MASK = 0x000f_ffff_ffff_f000


class Words:
    """A printer that says one thing."""

    def __init__(self, text):
        self.text = text

    def to_string(self):
        return self.text


def distinct(value):
    kind = str(value.type.strip_typedefs().unqualified())
    tag = re.match(r"kernel::abi::Distinct<kernel::abi::(\w+)Tag", kind)
    name = tag.group(1) if tag else "Distinct"
    number = int(value["value"])
    bits = 8 * value.type.sizeof
    if name in HEXADECIMAL:
        return Words(f"{name} {number:#x}")
    if name == "Instant":
        return Words("never" if number == (1 << bits) - 1 else f"{number} ns")
    if name == "Nanoseconds":
        return Words(f"{number} ns")
    if name == "FrameNumber" and number == (1 << bits) - 1:
        return Words("any_frame")
    return Words(f"{name} {number}")


def enumeration(value):
    return Words(layout.name_of(str(value.type.strip_typedefs().unqualified()), int(value)))


def rights(value):
    return Words(layout.rights_text(int(value)))


def result(value):
    """std::expected<T, Status>."""
    if not bool(value["_M_has_value"]):
        return Words("error " + layout.name_of("kernel::abi::Status", int(value["_M_unex"])))
    try:
        return Words("ok: " + value["_M_val"].format_string())
    except gdb.error:  # of void
        return Words("ok")


def entry_text(bits):
    """A page-table entry in words."""
    if bits & 1 == 0:
        return f"not present, value {bits >> 1:#x}"
    flags = " ".join(name for bit, name in PAGE_FLAGS[1:] if bits & bit)
    return f"frame {(bits & FRAME_MASK) >> 12} {flags}".rstrip()


def page_table_entry(value):
    return Words(entry_text(int(value["bits_"])))


def cap_ref(value):
    """A capability slot anywhere: its table's frame and its index there."""
    ref = int(value)
    slots = PAGE // layout.type_of("kernel::cap::Capability").sizeof
    return Words("no_cap" if ref == 0 else f"frame {ref // slots} index {ref % slots}")


KINDS = [(re.compile(pattern), printer) for pattern, printer in (
    (r"^kernel::abi::Distinct<.*>$", distinct),
    (r"^kernel::abi::Rights$", rights),
    (r"^kernel::(abi|cap|mesh|machine)::(Status|FrameState|EnvState|EndReason|CapType|Call|Upcall"
     r"|EventKind|Link|MessageKind|Resume|TrapKind)$", enumeration),
    (r"^std::expected<.*, kernel::abi::Status>$", result),
    (r"^kernel::x86::PageTableEntry$", page_table_entry))]


def find(value):
    """gdb asks: the printer for this value, or None."""
    kind = value.type
    if kind.code in layout.ADDRESSES:
        return None
    if kind.unqualified().name == CAP_REF:
        return cap_ref(value)
    name = str(kind.unqualified().strip_typedefs().unqualified())
    for pattern, printer in KINDS:
        if pattern.match(name):
            return printer(value)
    return None


def register():
    find.name = "chitin"
    find.enabled = True
    gdb.pretty_printers.insert(0, find)
