"""Stacks: those of cores' kernels and of environments, of whoever does not run too.

Where the innermost registers are:

    a kernel on this thread           the processor's
    a kernel below its environment    where run() left it: the context's kernel_rsp and kernel_rip
                                      (hosted), chitin_core_state (bare)
    a hosted kernel whose fiber waits what jump_fcontext pushed on its stack
    an environment that runs          the processor's
    one that was switched out         Env::context
    below an upcall's handler         UpcallPage::saved
"""

from collections import namedtuple

import gdb

from chitin_gdb import bare, layout
from chitin_gdb.unwind import code
from chitin_gdb.unwind.unwinder import NAMES, RIP, RSP, Unwinder

# Boost.Context, jump_x86_64_sysv_elf_gas.S: what it pushes, from the lowest address up.
FIBER_SAVED = ("r12", "r13", "r14", "r15", "rbx", "rbp")
FIBER_WORDS_MAX = 12  # floating-point words and those above come before the return address
FIBER_WAITS = "sim::engine::Fiber::yield"
CALLS = "libos::rt::calls::"
GATES = ("chitin_gate", "chitin_gate_return", "chitin_transit_begin")

Place = namedtuple("Place", "program function")


def _of_frame(frame):
    """A gdb.Frame's registers by number; those it lost are left out."""
    registers = {}
    for number, name in enumerate(NAMES):
        try:
            registers[number] = int(frame.read_register(name)) % 2 ** 64
        except (gdb.error, ValueError):
            pass
    return registers


def _of_state(state):
    """From a SavedState."""
    return {number: getattr(state, name) for number, name in enumerate(NAMES)}


def _print_frames(unwinder, frames, number=0):
    """Prints frames; returns the last one's address, and the next number."""
    last = None
    for frame in frames:
        last = frame
        names = code.functions(frame.lookup)
        place = code.line(frame.lookup)
        for inlined in names[:-1]:
            print(f"#{number:<3} {inlined} (inlined){' at ' + place if place else ''}")
            place = ""
            number += 1
        print(f"#{number:<3} {frame.address:#018x} in {names[-1]}"
              + (f" at {place}" if place else ""))
        number += 1
    if unwinder.end:
        print(f"     ({unwinder.end})")
    return last, number


# ---- kernels

def show_kernel(machine, core):
    if core.kernel is None:
        raise gdb.GdbError(f"core {core.number} has not started its kernel")
    reader, registers, called = (_hosted_kernel if machine.hosted else _bare_kernel)(machine, core)
    unwinder = Unwinder(reader)
    _print_frames(unwinder, unwinder.frames(registers, called))


def _hosted_kernel(machine, core):
    executing = machine.executing()
    if executing is not None and executing[0] is core:
        if executing[2]:
            return layout.read_bytes, _of_frame(executing[1]), False
        print(f"core {core.number} runs environment "
              f"{core.kernel.env_name(core.kernel.system.loaded)} (chitin bt env ...); its kernel:")
        return layout.read_bytes, _below_environment(core), False
    return layout.read_bytes, _of_fiber(core), True


def _below_environment(core):
    """Where run() waits: its pops are done here, and rip stays inside them, which changes no
    unwind rule: the assembly there has none of its own."""
    words = core.kernel.env_at(core.kernel.system.loaded).context.machine_words
    registers = {RSP: words[0], RIP: words[1]}
    at = words[1]
    for instruction in gdb.selected_frame().architecture().disassemble(at, count=8):
        operation, _, operand = instruction["asm"].partition(" ")
        operand = operand.strip().lstrip("%")
        if operation == "pop" and operand in NAMES:
            registers[NAMES.index(operand)] = layout.read_word(registers[RSP])
            registers[RSP] += 8
        elif operation in ("add", "sub") and operand.endswith(",%rsp"):
            change = int(operand[1:].partition(",")[0], 0)
            registers[RSP] += change if operation == "add" else -change
            break
        else:
            break
    return registers


def _of_fiber(core):
    fiber = core.fiber()
    if fiber is not None:
        saved = int(fiber["inside_context_"])
        for index in range(FIBER_WORDS_MAX):
            at = saved + 8 * index
            address = layout.read_word(at)
            if address == 0 or FIBER_WAITS not in code.functions(address - 1):
                continue
            registers = {RSP: at + 8, RIP: address}
            for back, name in enumerate(reversed(FIBER_SAVED), 1):
                registers[NAMES.index(name)] = layout.read_word(at - 8 * back)
            return registers
    raise gdb.GdbError(f"core {core.number}: its fiber is not where one waits: it has not started, "
                       "or it runs and gdb's frames do not reach it")


def _bare_kernel(machine, core):
    def read(address, size):
        with bare.selected(core.thread):
            return layout.read_bytes(address, size)

    with bare.selected(core.thread):
        if core.on_kernel_stack():
            return read, _of_frame(gdb.newest_frame()), False
        state = layout.read("kernel::bare::CoreState", layout.symbol_address("chitin_core_state"))
    print(f"core {core.number} runs environment "
          f"{core.kernel.env_name(core.kernel.system.loaded)} (chitin bt env ...); its kernel:")
    registers = {RSP: state.kernel_rsp + 8,
                 RIP: int.from_bytes(read(state.kernel_rsp, 8), "little")}
    return read, registers, True


# ---- environments

def _env_registers(machine, core, env):
    """Of the environment now."""
    if env.self == core.kernel.system.loaded:
        live = _live_hosted(machine, core) if machine.hosted else _live_bare(core)
        if live is not None:
            return live
    return _of_state(env.context.regs)


def _live_hosted(machine, core):
    executing = machine.executing()
    if executing is None or executing[0] is not core or executing[2]:
        return None
    return _of_frame(executing[1])


def _live_bare(core):
    with bare.selected(core.thread):
        return _of_frame(gdb.newest_frame()) if bare.in_user_mode() else None


def _unwinder_of(core, env):
    return Unwinder(lambda address, size: core.kernel.read_as(env, address, size))


def show_env(machine, core, env):
    info = core.kernel.env_info(env)
    state = layout.name_of("kernel::abi::EnvState", info.state)
    if state == "embryo":
        raise gdb.GdbError(f"environment {env.id} has not been started: it has no stack yet")
    print(f"core {core.number}, environment {env.id}, {state}:")
    unwinder = _unwinder_of(core, env)
    last, number = _print_frames(unwinder, unwinder.frames(_env_registers(machine, core, env)))
    if last is None or env.page == 0:
        return
    if not any(name.startswith("libos_upcall_") for name in code.functions(last.lookup)):
        return
    page = layout.read("kernel::abi::UpcallPage", env.page)
    print(f"     (an upcall, {layout.name_of('kernel::abi::Upcall', page.kind)}, "
          f"address {page.address:#x}; it interrupted:)")
    unwinder = _unwinder_of(core, env)
    _print_frames(unwinder, unwinder.frames(_of_state(page.saved)), number)


def place_of(machine, core, env):
    """The program, and the innermost function above kernel calls."""
    info = core.kernel.env_info(env)
    if layout.name_of("kernel::abi::EnvState", info.state) == "embryo":
        return Place("", "-")
    for frame in _unwinder_of(core, env).frames(_env_registers(machine, core, env)):
        names = [name for name in code.functions(frame.lookup)
                 if name not in GATES and not name.startswith(CALLS)]
        if names:
            return Place(code.program(frame.lookup), code.plain(names[0]))
    return Place("", "??")
