"""The hosted machine: one process, a fiber for each core (sim/machine/machine.cpp).

`chitin debug` leaves the machine's address in chitin_debugged_machine (sim/cli/debug.cpp).
"""

import gdb

from chitin_gdb import layout
from chitin_gdb.machine import NOT_YET, Core, kernel_at

ROOT = "chitin_debugged_machine"
SEARCHED_FIRST = 64 << 10  # of a stack: the System lies near its top
GDB_FRAMES_MAX = 64


def vector(value):
    """The addresses of a std::vector's begin and end, and its element's type."""
    inside = value["_M_impl"]
    return (int(inside["_M_start"]), int(inside["_M_finish"]),
            value.type.strip_typedefs().template_argument(0))


def optional(value):
    """What a std::optional holds."""
    return value["_M_payload"]["_M_payload"]["_M_value"]


def text(value):
    """A std::string."""
    return layout.read_bytes(int(value["_M_dataplus"]["_M_p"]),
                             int(value["_M_string_length"])).decode(errors="replace")


class HostedCore(Core):
    def __init__(self, number, unit):
        self.unit = unit
        self.low = int(unit["stack"]["whole_"]["_M_ptr"])
        self.high = self.low + int(unit["stack"]["whole_"]["_M_extent"]["_M_extent_value"])
        core = int(optional(unit["core"]).address)
        guard = 4096  # sim/host/guarded_stack.cpp: its first page cannot be read
        near = max(self.low + guard, self.high - SEARCHED_FIRST)
        kernel = kernel_at(near, self.high, core)
        if kernel is None:
            kernel = kernel_at(self.low + guard, self.high, core)
        super().__init__(number, kernel)

    def on_stack(self, address):
        return self.low <= address < self.high

    def fiber(self):
        """The engine::Fiber, or None: it was not made yet."""
        pointer = optional(self.unit["parts"])["fiber"]
        return pointer.dereference() if int(pointer) != 0 else None


class HostedMachine:
    hosted = True

    def __init__(self):
        root = layout.symbol_address(ROOT)
        if root is None:
            raise gdb.GdbError("this program was not started by `chitin debug`: it has no symbol "
                               + ROOT)
        machine = layout.read_word(root)
        if machine == 0:
            raise gdb.GdbError(NOT_YET)
        kind = layout.type_of("sim::machine::Machine")
        held = next(f for f in kind.fields() if f.name == "inside_").type.strip_typedefs()
        # Machine holds nothing but a unique_ptr, which holds nothing but the address.
        pointer = gdb.Value(layout.read_word(machine))
        self.inside = pointer.cast(held.template_argument(0).pointer()).dereference()
        self.cores = [HostedCore(i, unit) for i, unit in enumerate(self._units())]

    def _units(self):
        begin, end, element = vector(self.inside["cores"])
        unit = element.strip_typedefs().template_argument(0)
        for at in range(begin, end, layout.POINTER):
            yield gdb.Value(layout.read_word(at)).cast(unit.pointer()).dereference()

    def select(self, core):
        """Nothing: all cores share one thread."""

    def executing(self):
        """(core, gdb.Frame, its kernel's frame?) of the core that has the thread, or None.

        The thread may be deeper than the core: in a signal handler, or called by one.
        """
        frame = gdb.newest_frame()
        for _ in range(GDB_FRAMES_MAX):
            if frame is None:
                return None
            pointer = int(frame.read_register("rsp"))
            for core in self.cores:
                if core.on_stack(pointer):
                    return core, frame, True
            for core in self.cores:
                if core.kernel and core.kernel.in_window(pointer):
                    return core, frame, False
            try:
                frame = frame.older()
            except gdb.error:
                return None
        return None

    def current(self):
        """The core that commands without a number mean."""
        found = self.executing()
        if found is not None and found[0].kernel:
            return found[0]
        return next(core for core in self.cores if core.kernel)

    def name_of(self, core, env):
        """The name that the scenario gave the environment, once it has told it, or ""."""
        begin, end, kind = vector(self.inside["journal"]["open_"])
        number = core.number * len(core.kernel.system.envs) + env.id
        at = begin + number * kind.sizeof
        if at >= end:
            return ""
        return text(gdb.Value(at).cast(kind.pointer()).dereference()["env"]["name"])

    def events(self):
        """The history so far, as bytes."""
        begin, end, _ = vector(self.inside["journal"]["result_"]["events"])
        return layout.read_bytes(begin, end - begin) if end > begin else b""
