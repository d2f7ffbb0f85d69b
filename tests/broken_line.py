"""A line to a server that a test can cut, or make deaf in one direction."""

import socket
import threading
from contextlib import suppress


class Line:
    """Pass bytes on between clients and a server on this machine."""

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._ends: list[socket.socket] = []
        self._deaf = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def deafen(self) -> None:
        """Let the server hear the clients, but not them the server."""
        self._deaf.set()

    def cut(self) -> None:
        """End all connections; new ones can be made, and hear again."""
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()
        self._deaf.clear()

    def close(self) -> None:
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server_port))
                self._ends += [client, server]
                threading.Thread(target=self._pass, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self._pass, args=(server, client, True), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, answers: bool) -> None:
        with suppress(OSError):
            while heard := source.recv(65536):
                if not (answers and self._deaf.is_set()):
                    target.sendall(heard)
        for end in (source, target):
            with suppress(OSError):
                end.close()
