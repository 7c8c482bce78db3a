"""Free ports on 127.0.0.1, remembered in a file so that the next start uses the same ones if they are still free."""

import json
import socket
from pathlib import Path

HOST = "127.0.0.1"


def is_free(port: int, host: str = HOST) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket(_family(host), socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def any_free() -> int:
    """A port nobody listens on at the moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


class Ports:
    """The ports given out by name, kept in `file`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._given: dict[str, int] = {}
        if file.exists():
            self._given = json.loads(file.read_text())

    def claim(self, name: str) -> int:
        """The port of `name`: the one it had before if that is free, else a new one."""
        port = self._given.get(name, 0)
        if not port or not is_free(port):
            port = any_free()
        self._given[name] = port
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps(self._given, indent=1))
        return port


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
