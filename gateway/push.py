"""The ear at Redis: subscribes to the channels somebody here listens to, and comes back whenever it is cut off.

What is missed meanwhile is found by the comparison with the views; `reconnected` asks for one at once.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from gateway.subscription import Subscription
from infra.push import PROGRESS, Heard, ProgressHeard, decode, said_by

QUIET_SECONDS = 5.0
CONFIRM_SECONDS = 1.0
RETRY_SECONDS = 0.2
log = logging.getLogger(__name__)


class Ear:
    """One connection to Redis that hears pushes."""

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
            heard: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            waiting.append(heard)
            await heard

    def unsubscribe(self, channel: str) -> None:
        """Pushes on `channel` are of no interest any more."""
        self._wanted.discard(channel)
        self._confirmed(channel)
        self._changes.put_nowait((False, channel))

    async def run(self) -> None:
        """Listen for ever."""
        first = True
        while True:
            subscription = Subscription(self._connections.make_connection(), self._said)  # type: ignore[no-untyped-call]
            try:
                await subscription.open()
                self._resubscribe(subscription)
                if not first:
                    log.info("hearing pushes again")
                if not first or self._wanted:  # somebody may have come before the first connection, too
                    self._reconnected()
                first = False
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._change(subscription))
                    group.create_task(self._watch(subscription))
            except* (RedisError, OSError) as errors:
                if self.connected or first:
                    log.warning("not hearing pushes until Redis is back: %s", errors.exceptions[0])
                first = False
            finally:
                self.connected = False
                self._give_up(list(self._unconfirmed))
                await subscription.close()
            await asyncio.sleep(RETRY_SECONDS)

    def _resubscribe(self, subscription: Subscription) -> None:
        while not self._changes.empty():
            self._changes.get_nowait()
        self._subscribe(subscription, [PROGRESS, *self._wanted])
        self.connected = True

    def _subscribe(self, subscription: Subscription, channels: Sequence[str]) -> None:
        """Ask to hear them, and let nobody wait for it longer than `CONFIRM_SECONDS`."""
        subscription.send("SUBSCRIBE", *channels)
        asyncio.get_running_loop().call_later(CONFIRM_SECONDS, self._give_up, channels)

    async def _change(self, subscription: Subscription) -> None:
        while not _cancelled():
            wanted, channel = await self._changes.get()
            last = {channel: wanted}
            while not self._changes.empty():  # of each channel only the last change counts
                wanted, channel = self._changes.get_nowait()
                last[channel] = wanted
            if come := [channel for channel, wanted in last.items() if wanted]:
                self._subscribe(subscription, come)
            if gone := [channel for channel, wanted in last.items() if not wanted]:
                subscription.send("UNSUBSCRIBE", *gone)

    async def _watch(self, subscription: Subscription) -> None:
        """Ask a server that says nothing whether it is there. Raises why the connection has ended."""
        clock = asyncio.get_running_loop().time
        while not _cancelled():
            quiet_at = subscription.heard_at + QUIET_SECONDS
            if (left := quiet_at - clock()) > 0:
                await _passed(left, subscription.ended)
                continue
            asked_at = clock()
            subscription.send("PING")
            await _passed(QUIET_SECONDS, subscription.ended)
            if subscription.heard_at < asked_at:
                raise ConnectionError("Redis does not answer")

    def _said(self, said: list[Any]) -> None:
        match said:
            case [b"message", channel, payload]:
                if not payload.startswith(self._own):
                    self._heard(decode(channel, payload))
            case [b"subscribe", channel, _]:
                self._confirmed(channel.decode())

    def _confirmed(self, channel: str) -> None:
        """Nobody waits for the channel any more."""
        for waiting in self._unconfirmed.pop(channel, ()):
            _over(waiting)

    def _give_up(self, channels: Iterable[str]) -> None:
        """Nobody waits any longer for these to be heard."""
        for channel in channels:
            self._confirmed(channel)

    def _heard(self, heard: Heard | ProgressHeard) -> None:
        if isinstance(heard, ProgressHeard):
            self._on_progress(heard)
        else:
            self._on_push(heard)


async def _passed(seconds: float, ended: "asyncio.Future[None]") -> None:
    """Return after so many seconds; raise why it has ended, as soon as it has."""
    await asyncio.wait([ended], timeout=seconds)
    if ended.done():
        ended.result()


def _cancelled() -> bool:
    """Whether this task was told to end. Python 3.11's `wait_for`, which the Redis client sends with, may not say so."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _over(waiting: "asyncio.Future[None]") -> None:
    if not waiting.done():
        waiting.set_result(None)


def _ignore(*_: object) -> None:
    """Nobody is told yet."""
