"""One connection to Redis that is told what is published, and takes it as it arrives: no task wakes up for a message.

The library connects and signs in; its own reading, a stream and several layers for each message, took most of what a
message costs that was said at another gateway.
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import hiredis
from redis.asyncio import Connection
from redis.exceptions import RedisError


class Subscription(asyncio.Protocol):
    """An open connection, in the protocol's second version. Whatever is wrong with it ends it."""

    def __init__(self, connection: Connection, on_said: Callable[[list[Any]], None]) -> None:
        """`on_said` is called with each thing the server says, as a list of bytes and numbers."""
        self._connection = connection
        self._on_said = on_said
        self._reader = hiredis.Reader()
        loop = asyncio.get_running_loop()
        self._clock = loop.time
        self._transport: asyncio.Transport | None = None
        self.ended: asyncio.Future[None] = loop.create_future()
        """Done, with why, once nothing more can be heard."""
        self.heard_at = loop.time()
        """When the server last said anything, in the loop's time."""

    async def open(self) -> None:
        """Connect. Raises `RedisError` or OSError."""
        await self._connection.connect()  # type: ignore[no-untyped-call]
        writer = self._connection._writer  # the library has no public way to take over what it has opened
        assert writer is not None
        self._transport = cast(asyncio.Transport, writer.transport)
        self._transport.set_protocol(self)

    def send(self, *command: str) -> None:
        """Say a command; the answer comes like everything else."""
        assert self._transport is not None
        self._transport.write(b"".join(self._connection.pack_command(*command)))

    async def close(self) -> None:
        """End it, at once."""
        self._end(ConnectionError("left"))
        await self._connection.disconnect(nowait=True)

    def data_received(self, data: bytes) -> None:
        """The server said something."""
        self.heard_at = self._clock()
        self._reader.feed(data)
        try:
            while (said := self._reader.gets()) is not False:
                if isinstance(said, Exception):
                    raise said
                self._on_said(said)
        except Exception as error:
            self._end(RedisError(f"not understood: {error}"))
            if self._transport is not None:
                self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._end(exc or ConnectionError("Redis closed the connection"))

    def _end(self, error: Exception) -> None:
        if not self.ended.done():
            self.ended.set_exception(error)
            self.ended.exception()  # whoever does not wait for it need not be told
