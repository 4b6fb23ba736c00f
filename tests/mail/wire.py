"""A wire between a client and a server on the loopback that is cut, goes dead, or changes what is asked."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Wire:
    """`cut_after`: bytes of the server's that a connection gets, then it ends (None: all). `is_dead`: nothing
    comes through any more, though nobody hangs up. `change`: what becomes of what the client says."""

    port: int = 0
    cut_after: int | None = None
    is_dead: bool = False
    change: Callable[[bytes], bytes] = bytes
    connections: int = 0
    sockets: list[socket.socket] = field(default_factory=list)

    def forward(self, source: socket.socket, target: socket.socket, *, is_server: bool) -> None:
        """Carries one direction of a connection until its end."""
        carried = 0
        with suppress(OSError):
            while piece := source.recv(65536):
                if self.is_dead:
                    continue
                if not is_server:
                    piece = self.change(piece)
                elif self.cut_after is not None:
                    piece = piece[: self.cut_after - carried]
                    carried += len(piece)
                target.sendall(piece)
                if is_server and carried == self.cut_after:
                    break
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@contextmanager
def wire_to(port: int) -> Iterator[Wire]:
    """A wire to the server on that port."""
    wire = Wire()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire.port = listener.getsockname()[1]

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _address = listener.accept()
                    server = socket.create_connection(("127.0.0.1", port))
                    wire.connections += 1
                    wire.sockets += [client, server]
                    for ends, is_server in (((client, server), False), ((server, client), True)):
                        threading.Thread(
                            target=wire.forward, args=ends, kwargs={"is_server": is_server}, daemon=True
                        ).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield wire
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            for each in wire.sockets:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()
            thread.join(5)
