"""What waits for one reader, bounded in bytes: the way from a frame to the connection.

A packet is framed for the WebSocket once, however many connections it goes to, and handed to the transport at once.
"""

from functools import lru_cache

from websockets.asyncio.connection import broadcast
from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from gateway.codec import JSON_FRAMES, Codec
from gateway.metrics import FRAMES_OUT, FULLEST

OPEN = State.OPEN


class Fullest:
    """The most that ever waited for one reader of this process, in bytes."""

    bytes = 0


fullest = Fullest()
FULLEST.set_function(lambda: fullest.bytes)


class Outbox:
    """One connection's unsent bytes: never more than `most`, apart from the few of a close frame."""

    __slots__ = ("_codec", "_compressed", "_connection", "_most", "_protocol", "_transport")

    def __init__(self, connection: ServerConnection, codec: Codec, most: int) -> None:
        self._connection = connection
        self._protocol = connection.protocol
        self._transport = connection.transport
        self._compressed = bool(connection.protocol.extensions)
        self._codec = None if codec is JSON_FRAMES else codec
        self._most = most

    @property
    def waiting(self) -> int:
        """How many bytes the reader has not taken yet, beyond what the system holds for it."""
        return self._transport.get_write_buffer_size()

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
        framed = _framed(packet)
        waiting = self._transport.get_write_buffer_size()
        # What does not fit an empty queue could never be sent: one packet larger than the bound goes alone.
        if waiting:
            if waiting + len(framed) > self._most:
                return False
            fullest.bytes = max(fullest.bytes, waiting + len(framed))
        FRAMES_OUT.value += 1
        if self._compressed:
            broadcast((self._connection,), packet, text=True)
        else:
            self._transport.write(framed)
        return True


@lru_cache(maxsize=16)
def _framed(packet: bytes) -> bytes:
    """The bytes of `packet` on the connection: what goes to many goes to one right after another."""
    return Frame(Opcode.TEXT, packet).serialize(mask=False)
