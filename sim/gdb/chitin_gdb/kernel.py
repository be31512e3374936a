"""Kernel: one core's System and what it refers to, as values (layout.py).

Physical memory is read through the kernel's own view of it; where that lies follows from the cycle,
which System names both by frame and by address.
"""

from collections import namedtuple

import gdb

from chitin_gdb import layout

PAGE = 4096
LEVELS = 4  # [intel/vol3] 4.5
ENTRIES = 512
PRESENT = 1
FRAME_MASK = 0x000f_ffff_ffff_f000

Step = namedtuple("Step", "level table index bits")


class Kernel:
    """The System at `address`; the thread that sees that address is selected while it is made."""

    def __init__(self, address):
        self.address = address
        self.system = layout.read("kernel::env::System", address)
        self.memory = layout.read("kernel::mem::Memory", self.system.memory)
        self.core = layout.read("kernel::machine::Core", self.system.core)
        self.view_offset = self.system.cycle - self.system.cycle_frame * PAGE
        self.info = layout.read("kernel::abi::SystemInfo", self.memory.system_)
        self.cell = layout.read("kernel::abi::CellRecord", self.system.cell)
        self.slots_per_frame = PAGE // layout.type_of("kernel::cap::Capability").sizeof

    # ---- memory

    def view(self, frame):
        """The kernel's own address of a frame."""
        return frame * PAGE + self.view_offset

    def in_pool(self, frame):
        return 0 <= frame - self.info.pool_first < self.info.pool_frames

    def read_object(self, type_name, frame):
        return layout.read(type_name, self.view(frame))

    def frame_size(self):
        return layout.type_of("kernel::abi::FrameInfo").sizeof

    def frame_records(self):
        """All FrameInfo of the pool, as bytes."""
        return layout.read_bytes(self.memory.frames_, self.info.pool_frames * self.frame_size())

    def frame(self, number):
        at = self.memory.frames_ + (number - self.info.pool_first) * self.frame_size()
        return layout.read("kernel::abi::FrameInfo", at)

    # ---- environments

    def env_at(self, frame):
        return self.read_object("kernel::env::Env", frame)

    def env_by_id(self, number):
        if not 0 < number < len(self.system.envs) or self.system.envs[number] == 0:
            return None
        return self.env_at(self.system.envs[number])

    def envs(self):
        return [self.env_at(frame) for frame in self.system.envs if frame != 0]

    def env_info(self, env):
        return layout.read("kernel::abi::EnvInfo", env.info)

    def env_name(self, frame):
        """The number of the environment whose object lies in `frame`, as text."""
        if frame == 0:
            return "-"
        if not self.in_pool(frame):
            return f"frame {frame}"
        return str(self.env_at(frame).id)

    # ---- capabilities

    def capabilities(self, env):
        """(slot, Capability) of every slot that is not empty."""
        size = layout.type_of("kernel::cap::Capability").sizeof
        kind_at = layout.offset_of("kernel::cap::Capability", "type")
        for place, table in enumerate(env.table_frames[:env.table_frame_count]):
            data = layout.read_bytes(self.view(table), PAGE)
            for index in range(self.slots_per_frame):
                if data[index * size + kind_at] == 0:
                    continue
                yield (place * self.slots_per_frame + index,
                       layout.decode("kernel::cap::Capability", data, index * size))

    def ref_text(self, ref):
        """A CapRef as ENV:SLOT, the environment's number and its slot."""
        if ref == 0:
            return "-"
        table, index = divmod(ref, self.slots_per_frame)
        if self.in_pool(table):
            owner = self.frame(table).owner
            if owner != 0 and self.in_pool(owner):
                env = self.env_at(owner)
                if table in env.table_frames:
                    slot = env.table_frames.index(table) * self.slots_per_frame + index
                    return f"{env.id}:{slot}"
        return f"{table}/{index}"

    # ---- address spaces

    def walk(self, root, address):
        """The Steps from the root to the leaf, or to the entry that is not present."""
        table, steps = root, []
        for level in range(LEVELS, 0, -1):
            index = address >> 12 + 9 * (level - 1) & ENTRIES - 1
            bits = layout.read_word(self.view(table) + 8 * index)
            steps.append(Step(level, table, index, bits))
            if bits & PRESENT == 0:
                break
            table = (bits & FRAME_MASK) // PAGE
        return steps

    def in_window(self, address):
        size = ENTRIES * ENTRIES * ENTRIES * PAGE
        return self.system.window_base <= address < self.system.window_base + size

    def read_as(self, env, address, size):
        """Memory as the environment sees it, whoever runs. Raises gdb.MemoryError."""
        if not self.in_window(address):
            return layout.read_bytes(address, size)
        data = b""
        while len(data) < size:
            at = address + len(data)
            leaf = self.walk(env.root, at)[-1]
            if leaf.level != 1 or leaf.bits & PRESENT == 0:
                raise gdb.MemoryError(f"environment {env.id} has nothing mapped at {at:#x}")
            some = min(size - len(data), PAGE - at % PAGE)
            frame = (leaf.bits & FRAME_MASK) // PAGE
            data += layout.read_bytes(self.view(frame) + at % PAGE, some)
        return data
