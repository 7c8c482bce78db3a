"""The Kafka-compatible broker of the `noida-db` wheel. What it acknowledged just before a kill -9 may be gone."""

import os
import socket
import struct
from collections.abc import Sequence
from typing import ClassVar

from infra.embedded.child import installed
from infra.embedded.part import Part, PartFailed
from infra.embedded.ports import HOST


class Broker(Part):
    """One broker, only its Kafka protocol."""

    name: ClassVar[str] = "the embedded broker"

    @property
    def url(self) -> str:
        return f"kafka://{HOST}:{self.port}"

    def prepare(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def command(self) -> Sequence[str]:
        binary = str(installed("noida_db") / "noida-db")
        if not os.access(binary, os.X_OK):
            raise PartFailed(f"the embedded broker's program cannot be run: {binary}")
        only_kafka = ["--only", "kafka", "--kafka-port", str(self.port), "--host", HOST]
        return [binary, "start", *only_kafka, "--data-dir", str(self.directory)]

    def answers(self) -> bool:
        return speaks_kafka(self.port)


def speaks_kafka(port: int, host: str = HOST) -> bool:
    """Whether a broker answers an ApiVersions request (key 18, version 0, correlation id 1, no client id)."""
    request = struct.pack(">hhih", 18, 0, 1, -1)
    try:
        with socket.create_connection((host, port), timeout=1) as connection:
            connection.settimeout(2)
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = b""
            while len(answer) < 10 and (part := connection.recv(10 - len(answer))):
                answer += part
    except OSError:
        return False
    return len(answer) == 10 and struct.unpack(">iih", answer)[1:] == (1, 0)
