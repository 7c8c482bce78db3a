"""What one connection is told, and how it ends. What a slow reader does not take is bounded: ephemeral frames are dropped
first, then it is cut off."""

import asyncio
import time
from collections.abc import Sequence

from websockets.asyncio.server import ServerConnection

from gateway.codec import Codec
from gateway.metrics import CLOSED, FRAMES_DROPPED
from gateway.outbox import Outbox
from gateway.session import Session

FAREWELL_SECONDS = 3.0
DRAIN_SECONDS = 20.0


class Ended(Exception):
    """The socket ended while something was done for it."""


class WayOut:
    """The way from the gateway to one client."""

    __slots__ = ("_buffer_bytes", "_connection", "_farewell", "_outbox", "_session")

    def __init__(
        self, connection: ServerConnection, codec: Codec, session: Session, buffer_bytes: int
    ) -> None:
        """At most `buffer_bytes` wait for its reader."""
        self._connection = connection
        self._outbox = Outbox(connection, codec, buffer_bytes)
        self._session = session
        self._buffer_bytes = buffer_bytes
        self._farewell: asyncio.Task[None] | None = None

    def deliver(self, frame: bytes, ephemeral: bool = False) -> None:
        """Write the frame, now; an ephemeral one may be dropped. Never raises, never waits."""
        if self._session.closed:
            return
        if ephemeral and self._outbox.crowded:
            FRAMES_DROPPED.inc()
        elif not self._outbox.write(frame):
            self.end(4408, "too slow a reader")

    async def catch_up(self, frames: Sequence[bytes]) -> None:
        """Write a page of the past, no more at once than leaves the present its place. Raises `Ended` if the reader never
        takes it."""
        start, size = 0, 0
        for end, frame in enumerate(frames):
            size += len(frame)
            if size > self._buffer_bytes // 4:
                await self._write_past(frames[start : end + 1])
                start, size = end + 1, 0
        await self._write_past(frames[start:])

    async def _write_past(self, frames: Sequence[bytes]) -> None:
        if not self._session.closed and not self._outbox.write_all(frames):
            self.end(4408, "too slow a reader")
        until = time.monotonic() + DRAIN_SECONDS
        while self._outbox.crowded:
            if self._session.closed or time.monotonic() > until:
                self.end(4408, "too slow a reader")
                raise Ended
            await asyncio.sleep(0.01)

    def end(self, code: int, reason: str) -> None:
        """Close the connection. A reader that takes nothing any more is cut off."""
        self._session.closed = True
        self._outbox.release()
        if self._farewell is None:
            CLOSED.labels(str(code)).inc()
            self._farewell = asyncio.create_task(self._close(code, reason))

    async def _close(self, code: int, reason: str) -> None:
        try:
            async with asyncio.timeout(FAREWELL_SECONDS):
                await self._connection.close(code, reason)
        except TimeoutError:
            self._connection.transport.abort()
