"""Code: what is known of an address: its function, its line, and how to leave it.

Every file that gdb has loaded takes part: the executable, and the programs' symbols beside the
image. Where the hosted executable was put in memory follows from its entry point, which Linux tells
every process.
"""

import os
import re

import gdb

from chitin_gdb.unwind.elf import Elf
from chitin_gdb.unwind.tables import Tables

# ROOT/sim/gdb/chitin_gdb/unwind/code.py
SOURCES = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 4)) + os.sep
STANDARD = "std::"  # what is inlined of the standard library says nothing here

_files = {}
_entry_points = {}  # by process


def forget(event):
    """As layout.forget: a file that was built again has other tables."""
    _files.clear()
    _entry_points.clear()


class File:
    def __init__(self, path):
        elf = Elf(path)
        self.movable, self.entry = elf.movable, elf.entry
        self.tables = Tables(elf)


def _file(path):
    if path not in _files:
        try:
            _files[path] = File(path)
        except (OSError, ValueError):
            _files[path] = None
    return _files[path]


def _entry_point():
    """Of the executable, where it runs; None: the host does not say."""
    process = gdb.selected_inferior().pid
    if process not in _entry_points:
        try:
            text = gdb.execute("info auxv", to_string=True)
        except gdb.error:
            text = ""
        match = re.search(r"AT_ENTRY.*(0x[0-9a-f]+)", text)
        _entry_points[process] = int(match.group(1), 16) if match else None
    return _entry_points[process]


def _bias(objfile, file):
    """What to add to the file's addresses; None: it is no code of Chitin's."""
    if not file.movable:
        return 0
    if objfile.filename != gdb.current_progspace().filename or _entry_point() is None:
        return None
    return _entry_point() - file.entry


def row_at(address):
    """The unwind Row (tables.py) for a code address, or None."""
    for objfile in gdb.objfiles():
        file = _file(objfile.filename) if objfile.filename else None
        bias = _bias(objfile, file) if file is not None else None
        row = file.tables.row(address - bias) if bias is not None else None
        if row is not None:
            return row
    return None


def short(name):
    """A function's name without its parameters."""
    bare = name.removesuffix(" const")
    if not bare.endswith(")") or bare.endswith("(anonymous namespace)"):
        return name
    depth = 0
    for at in range(len(bare) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(bare[at], 0)
        if depth == 0:
            return bare if bare[:at].endswith("operator") else bare[:at]
    return name


def plain(name):
    """A function's name without the arguments of templates, for a column of a table."""
    out, depth = "", 0
    for character in name.replace("operator()", "call"):
        depth -= character == ">"
        if depth == 0 and character not in "<>":
            out += character
        depth += character == "<"
    return out


def _symbol_without_types(address):
    text = gdb.execute(f"info symbol {address:#x}", to_string=True)
    match = re.match(r"(.+?)( \+ \d+)? in section", text)
    return short(match.group(1)) if match else "??"


def functions(address):
    """The functions that the address is in, from the innermost; all but the last were inlined."""
    names = []
    try:
        block = gdb.block_for_pc(address)
    except RuntimeError:
        block = None
    while block is not None and not block.is_global and not block.is_static:
        if block.function is not None:
            names.append(short(block.function.print_name))
        block = block.superblock
    kept = [name for name in names[:-1] if not name.startswith(STANDARD)] + names[-1:]
    return kept or [_symbol_without_types(address)]


def line(address):
    """FILE:LINE, or ""."""
    found = gdb.find_pc_line(address)
    if found.symtab is None or found.line == 0:
        return ""
    path = re.sub(r"^(\.\./)+", "", found.symtab.filename.removeprefix(SOURCES))
    return f"{path}:{found.line}"


def program(address):
    """The name of the program whose own file the address is in, or ""."""
    try:
        block = gdb.block_for_pc(address)
    except RuntimeError:
        block = None
    while block is not None and block.function is None:
        block = block.superblock
    if block is None:
        return ""
    path = block.function.symtab.objfile.filename or ""
    if path == gdb.current_progspace().filename:
        return ""
    return path.rsplit("/", 1)[-1].removesuffix(".elf")
