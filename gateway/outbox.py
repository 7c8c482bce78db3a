"""What waits for one reader, bounded in bytes: the way from a frame to the connection.

A packet is framed for the WebSocket once, however many connections it goes to, and handed to the transport at once, or
together with those after it: each handing over is a call of the system, which costs more than all else about a packet.
"""

from collections.abc import Iterable
from functools import lru_cache

from websockets.asyncio.connection import broadcast
from websockets.asyncio.server import ServerConnection
from websockets.protocol import State

from gateway.codec import JSON_FRAMES, Codec
from gateway.metrics import FRAMES_OUT, FULLEST

OPEN = State.OPEN
TOGETHER_BYTES = 16_384
"""What is held back to go together is handed over when it is so much."""
TEXT = 0x81
"""A whole text message (RFC 6455, section 5.2)."""


class Fullest:
    """The most that ever waited for one reader of this process, in bytes."""

    bytes = 0


fullest = Fullest()
FULLEST.set_function(lambda: fullest.bytes)


class Outbox:
    """One connection's unsent bytes: never more than `most`, apart from the few of a close frame."""

    __slots__ = ("_codec", "_compressed", "_connection", "_held", "_most", "_protocol", "_transport")

    def __init__(self, connection: ServerConnection, codec: Codec, most: int) -> None:
        self._connection = connection
        self._protocol = connection.protocol
        self._transport = connection.transport
        self._compressed = bool(connection.protocol.extensions)
        self._codec = None if codec is JSON_FRAMES else codec
        self._most = most
        self._held: bytearray | None = None
        """What goes together with what comes after it; None while everything goes at once."""

    @property
    def waiting(self) -> int:
        """How many bytes the reader has not taken yet, beyond what the system holds for it."""
        return self._transport.get_write_buffer_size() + len(self._held or ())

    @property
    def crowded(self) -> bool:
        """Whether what may be left out should be."""
        return self.waiting > self._most // 4

    def write(self, frame: bytes) -> bool:
        """Write a frame in the connection's codec. False, and no more is written, if it does not fit any more."""
        if self._codec is None:
            return self.put(frame)
        return all(self.put(packet) for packet in self._codec.write(frame))

    def put(self, packet: bytes) -> bool:
        """Write a packet as it is. False, and nothing is written, if it does not fit any more."""
        if self._protocol.state is not OPEN:
            return True
        framed, held = _framed(packet), self._held
        waiting = self._transport.get_write_buffer_size()
        if held is not None:
            waiting += len(held)
        # What does not fit an empty queue could never be sent: one packet larger than the bound goes alone.
        if waiting:
            if waiting + len(framed) > self._most:
                return False
            fullest.bytes = max(fullest.bytes, waiting + len(framed))
        FRAMES_OUT.value += 1
        if self._compressed:
            broadcast((self._connection,), packet, text=True)
        elif held is None:
            self._transport.write(framed)
        else:
            held += framed
            if len(held) > TOGETHER_BYTES:
                self._held = bytearray()
                self._transport.write(held)
        return True

    def write_all(self, frames: Iterable[bytes]) -> bool:
        """Write frames together. False if one does not fit any more, and those after it are not written."""
        alone = self._held is None
        self.hold()
        try:
            return all(map(self.write, frames))
        finally:
            if alone:
                self.release()

    def hold(self) -> None:
        """From now on hold packets back, to go together, until `release`."""
        if self._held is None:
            self._held = bytearray()

    def release(self) -> None:
        """Hand over what was held back, and from now on everything at once."""
        held, self._held = self._held, None
        if held and self._protocol.state is OPEN:
            self._transport.write(held)


@lru_cache(maxsize=16)
def _framed(packet: bytes) -> bytes:
    """The bytes of `packet` on the connection: what goes to many goes to one right after another."""
    size = len(packet)
    if size < 126:
        return bytes((TEXT, size)) + packet
    if size < 65_536:
        return bytes((TEXT, 126)) + size.to_bytes(2, "big") + packet
    return bytes((TEXT, 127)) + size.to_bytes(8, "big") + packet
