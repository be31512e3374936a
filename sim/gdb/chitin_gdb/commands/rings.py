"""chitin rings."""

from chitin_gdb.commands.command import Command
from chitin_gdb.table import show

ROUNDS = 1 << 16  # counters of messages are 16 bits wide


class Rings(Command):
    """chitin rings: the message rings between the cores' kernels that have carried anything.

`unread` is what was sent and not taken yet; `calls`, `wakes` and `lends` are requests of the sender
that have no reply yet."""

    name = "rings"

    def show(self, machine, arguments):
        kernels = [(core.number, core.kernel) for core in machine.cores if core.kernel]
        if len(machine.cores) == 1:
            print("one core: there are no rings")
            return
        rows = []
        for sender, kernel in kernels:
            for receiver, other in kernels:
                peer = kernel.system.mesh.peers_[receiver]
                back = other.system.mesh.peers_[sender]
                if sender == receiver or (peer.sent == 0 and peer.calls == 0):
                    continue
                rows.append([sender, receiver, peer.sent, back.taken,
                             (peer.sent - back.taken) % ROUNDS, peer.calls, peer.wakes,
                             peer.capabilities])
        if not rows:
            print("no messages yet")
            return
        show(["from", "to", "sent", "taken", "unread", "calls", "wakes", "lends"], rows)


def register():
    Rings()
