"""One client's socket, with only as much of RFC 6455 as a benchmark needs: unfragmented text, pings answered.

It counts what it is told; it says its opening frames as soon as the handshake is answered.
"""

import asyncio
import base64
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
_ZERO_MASK = bytes(4)


@dataclass(frozen=True, slots=True)
class Spec:
    """How one socket behaves."""

    path: str
    say: tuple[str, ...]
    """Frames sent at once after the handshake."""
    ready: str
    """What a frame begins with that counts towards being ready; empty: the handshake's answer is enough."""
    times: int
    """How many of those make it ready."""
    count: str
    """What a frame begins with that counts as a delivery."""


class Wire(asyncio.Protocol):
    """The socket. `on_ready` is called once; `on_end` with the HTTP status (0 if there was none) when it ends early."""

    __slots__ = (
        "_buffer",
        "_on_end",
        "_on_ready",
        "_open",
        "_transport",
        "delivered",
        "is_ready",
        "readies",
        "spec",
    )

    def __init__(
        self, spec: Spec, on_ready: "Callable[[Wire], None]", on_end: "Callable[[Wire, int], None]"
    ) -> None:
        self.spec = spec
        self.delivered = 0
        self.readies = 0
        self.is_ready = False
        self._on_ready = on_ready
        self._on_end = on_end
        self._open = False
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET {self.spec.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data, self._buffer = self._buffer + data, b""
        if not self._open:
            data = self._shake_hands(data)
        if data:
            self._buffer = self._frames(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.is_ready:
            self._on_end(self, 0)

    def send(self, text: str) -> None:
        """Say a text frame."""
        self._frame(TEXT, text.encode())

    def drop(self) -> None:
        """Cut the connection off, without a word."""
        self.is_ready = True
        if self._transport is not None:
            self._transport.abort()

    def _shake_hands(self, data: bytes) -> bytes:
        head, separator, rest = data.partition(b"\r\n\r\n")
        if not separator:
            self._buffer = data
            return b""
        status = int(head[9:12])
        if status != 101:
            self.is_ready = True
            self._on_end(self, status)
            assert self._transport is not None
            self._transport.abort()
            return b""
        self._open = True
        for text in self.spec.say:
            self.send(text)
        if not self.spec.ready:
            self._become_ready()
        return rest

    def _frames(self, data: bytes) -> bytes:
        at, size = 0, len(data)
        ready, count = self.spec.ready.encode(), self.spec.count.encode()
        while size - at >= 2:
            opcode, length, start = data[at] & 0x0F, data[at + 1], at + 2
            if length == 126:
                if size - at < 4:
                    break
                length, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif length == 127:
                if size - at < 10:
                    break
                length, start = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            if start + length > size:
                break
            at = start + length
            if opcode != TEXT:
                if opcode == PING:
                    self._frame(PONG, data[start:at])
            elif data.startswith(count, start):
                self.delivered += 1
            elif not self.is_ready and ready and data.startswith(ready, start):
                self.readies += 1
                if self.readies == self.spec.times:
                    self._become_ready()
            elif data[start:at] == b"2":
                self.send("3")  # Engine.IO's own heartbeat
        return data[at:]

    def _become_ready(self) -> None:
        self.is_ready = True
        self._on_ready(self)

    def _frame(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        head = (
            bytes((0x80 | opcode, 0x80 | size))
            if size < 126
            else struct.pack("!BBH", 0x80 | opcode, 0xFE, size)
        )
        if self._transport is not None:
            self._transport.write(head + _ZERO_MASK + payload)
