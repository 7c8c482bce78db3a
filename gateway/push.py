"""The ear at Redis: subscribes to the channels somebody here listens to, and comes back whenever it is cut off.

What is missed meanwhile is found by the comparison with the views; `reconnected` asks for one at once.
"""

import asyncio
import logging
from collections.abc import Callable
from math import inf

from redis.asyncio import Connection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from infra.push import PROGRESS, Heard, ProgressHeard, decode, said_by

QUIET_SECONDS = 5.0
CONFIRM_SECONDS = 1.0
RETRY_SECONDS = 0.2
log = logging.getLogger(__name__)


class Ear:
    """One connection to Redis that hears pushes.

    It reads the library's connection itself: with its `PubSub` each message took twice as long, which was most of what a
    message costs that is said at another gateway to a small room.
    """

    def __init__(self, url: str) -> None:
        self._connections = ConnectionPool.from_url(
            url,
            client_name="yeon-gateway-ear",
            protocol=2,
            socket_connect_timeout=2,
            socket_keepalive=True,
            retry=Retry(NoBackoff(), 0),
        )
        self._on_push: Callable[[Heard], None] = _ignore
        self._on_progress: Callable[[ProgressHeard], None] = _ignore
        self._reconnected: Callable[[], None] = _ignore
        self._own = said_by("-")
        self._wanted: set[str] = set()
        self._unconfirmed: dict[str, list[asyncio.Future[None]]] = {}
        """Who waits to hear each channel that is not heard yet."""
        self._changes: asyncio.Queue[tuple[bool, str]] = asyncio.Queue()
        self._heard_at = 0.0
        self.connected = False

    def tell(
        self,
        on_push: Callable[[Heard], None],
        on_progress: Callable[[ProgressHeard], None],
        reconnected: Callable[[], None],
        own: str,
    ) -> None:
        """Who is told of what is heard, which is nothing of what was published under the name `own`. Before `run`."""
        self._own = said_by(own)
        self._on_push = on_push
        self._on_progress = on_progress
        self._reconnected = reconnected

    async def subscribe(self, channel: str) -> None:
        """Return once pushes on `channel` arrive, or Redis turns out to be away."""
        if channel not in self._wanted:
            self._wanted.add(channel)
            self._unconfirmed[channel] = []
            self._changes.put_nowait((True, channel))
        if self.connected and (waiting := self._unconfirmed.get(channel)) is not None:
            loop = asyncio.get_running_loop()
            heard: asyncio.Future[None] = loop.create_future()
            waiting.append(heard)
            late = loop.call_later(CONFIRM_SECONDS, _over, heard)
            try:
                await heard
            finally:
                late.cancel()

    def unsubscribe(self, channel: str) -> None:
        """Pushes on `channel` are of no interest any more."""
        self._wanted.discard(channel)
        self._confirmed(channel)
        self._changes.put_nowait((False, channel))

    async def run(self) -> None:
        """Listen for ever."""
        first = True
        while True:
            connection: Connection = self._connections.make_connection()  # type: ignore[no-untyped-call]
            try:
                await connection.connect()  # type: ignore[no-untyped-call]
                await self._resubscribe(connection)
                if not first:
                    log.info("hearing pushes again")
                if not first or self._wanted:  # somebody may have come before the first connection, too
                    self._reconnected()
                first = False
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._change(connection))
                    group.create_task(self._listen(connection))
                    group.create_task(self._watch(connection))
            except* (RedisError, OSError) as errors:
                if self.connected or first:
                    log.warning("not hearing pushes until Redis is back: %s", errors.exceptions[0])
                first = False
            finally:
                self.connected = False
                await connection.disconnect(nowait=True)
            await asyncio.sleep(RETRY_SECONDS)

    async def _resubscribe(self, connection: Connection) -> None:
        while not self._changes.empty():
            self._changes.get_nowait()
        await connection.send_command("SUBSCRIBE", PROGRESS, *self._wanted)
        self.connected = True

    async def _change(self, connection: Connection) -> None:
        while not _cancelled():
            wanted, channel = await self._changes.get()
            last = {channel: wanted}
            while not self._changes.empty():  # of each channel only the last change counts
                wanted, channel = self._changes.get_nowait()
                last[channel] = wanted
            if come := [channel for channel, wanted in last.items() if wanted]:
                await connection.send_command("SUBSCRIBE", *come)
            if gone := [channel for channel, wanted in last.items() if not wanted]:
                await connection.send_command("UNSUBSCRIBE", *gone)

    async def _listen(self, connection: Connection) -> None:
        clock = asyncio.get_running_loop().time
        self._heard_at = clock()
        while not _cancelled():
            kind, *said = await connection.read_response(timeout=inf)
            self._heard_at = clock()
            if kind == b"message":
                if not said[1].startswith(self._own):
                    self._heard(decode(*said))
            elif kind == b"subscribe":
                self._confirmed(said[0].decode())

    async def _watch(self, connection: Connection) -> None:
        """Ask a server that says nothing whether it is there."""
        clock = asyncio.get_running_loop().time
        while not _cancelled():
            quiet_at = self._heard_at + QUIET_SECONDS
            if (left := quiet_at - clock()) > 0:
                await asyncio.sleep(left)
                continue
            asked_at = clock()
            await connection.send_command("PING")
            await asyncio.sleep(QUIET_SECONDS)
            if self._heard_at < asked_at:
                raise ConnectionError("Redis does not answer")

    def _confirmed(self, channel: str) -> None:
        """Nobody waits for the channel any more."""
        for waiting in self._unconfirmed.pop(channel, ()):
            _over(waiting)

    def _heard(self, heard: Heard | ProgressHeard) -> None:
        if isinstance(heard, ProgressHeard):
            self._on_progress(heard)
        else:
            self._on_push(heard)


def _cancelled() -> bool:
    """Whether this task was told to end. Python 3.11's `wait_for`, which the Redis client sends with, may not say so."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _over(waiting: "asyncio.Future[None]") -> None:
    if not waiting.done():
        waiting.set_result(None)


def _ignore(*_: object) -> None:
    """Nobody is told yet."""
