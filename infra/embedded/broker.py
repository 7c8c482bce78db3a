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
    """Whether a broker answers on `port`."""
    return bool(api_versions(port, host))


def api_versions(port: int, host: str = HOST) -> dict[int, int]:
    """The highest version of each API the broker knows, by API key; empty if none answers.

    One ApiVersions request (key 18, version 0, correlation id 1, no client id), the first a Kafka client sends.
    """
    request = struct.pack(">hhih", 18, 0, 1, -1)
    try:
        with socket.create_connection((host, port), timeout=1) as connection:
            connection.settimeout(2)
            connection.sendall(struct.pack(">i", len(request)) + request)
            with connection.makefile("rb") as answer:
                (size,) = struct.unpack(">i", answer.read(4))
                body = answer.read(size)
            correlation, error, count = struct.unpack_from(">ihi", body)
            rows = struct.iter_unpack(">hhh", body[10 : 10 + 6 * count])
            return {key: highest for key, _, highest in rows} if (correlation, error) == (1, 0) else {}
    except (OSError, struct.error):
        return {}
