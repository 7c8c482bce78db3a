"""How a session's frames stand on the wire. A session knows frames only; a codec reads and writes them. Pure.

Two of them share the one session: our JSON frames here, and Socket.IO in `gateway.socketio`.
"""

from dataclasses import dataclass
from typing import Protocol

from gateway import frames
from gateway.frames import Read, Unread

HEARTBEAT_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Hello:
    """The client brought its token with the codec's own opening."""

    token: str


@dataclass(frozen=True, slots=True)
class Aside:
    """Something between the codecs only; `reply` goes back as it is."""

    reply: bytes | None = None


@dataclass(frozen=True, slots=True)
class Bye:
    """The client says that it is leaving."""


Packet = Read | Unread | Hello | Aside | Bye


class Codec(Protocol):
    """One connection's way of writing frames."""

    @property
    def greeting(self) -> bytes | None:
        """What the server says first."""
        ...

    @property
    def heartbeat(self) -> bytes | None:
        """What the server says every `HEARTBEAT_SECONDS`, apart from the pings of the WebSocket itself."""
        ...

    def read(self, text: str | bytes) -> Packet:
        """Understand one message of the client."""
        ...

    def write(self, frame: bytes) -> tuple[bytes, ...]:
        """The messages that say `frame`, which is one of `gateway.frames`."""
        ...


class JsonFrames:
    """One frame a message, as it is. Without state: all connections share `JSON_FRAMES`."""

    greeting = None
    heartbeat = None

    def read(self, text: str | bytes) -> Packet:
        """Understand one message of the client."""
        return frames.read(text)

    def write(self, frame: bytes) -> tuple[bytes, ...]:
        """The frame itself."""
        return (frame,)


JSON_FRAMES: Codec = JsonFrames()
