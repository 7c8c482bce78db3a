"""The life of one endpoint: what it wants is taken up from the log and sent, each key in order, until it is told to stop.

The queue in PostgreSQL is what counts; the line in memory is its copy, changed after it. An event that was taken but
not yet out of the queue when the process died is sent again: receivers know it by its id.
"""

import asyncio
import logging
import random
from datetime import timedelta

import httpx
from psycopg import Error
from psycopg_pool import PoolTimeout

from infra.clock import now
from infra.log import EventLog
from projections.queries.reading import Pool
from schemas.envelope import Event
from streams.webhooks import ledger
from streams.webhooks.endpoint import Endpoint
from streams.webhooks.ledger import StoreOlder
from streams.webhooks.line import Failure, Line, Policy, Waiting
from streams.webhooks.sending import client, send

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
PAUSE_SECONDS = 1.0
FORGET_SECONDS = 0.02
"""What was taken leaves the queue together with all else that was in this time."""
AWAY = (Error, PoolTimeout, OSError, TimeoutError)


class Delivering:
    """Sends to one endpoint. `appended` is set whenever there may be something new in the log."""

    def __init__(
        self, pool: Pool, store: EventLog, endpoint: Endpoint, policy: Policy, seconds: float
    ) -> None:
        self._pool = pool
        self._store = store
        self._endpoint = endpoint
        self._policy = policy
        self._seconds = seconds
        self._moved = asyncio.Event()
        self._taken: list[int] = []
        self._changing = asyncio.Lock()
        """Held while events are taken up or parked: what is taken up behind a parked one must see that it is."""
        self.appended = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled; whatever PostgreSQL does, it begins again from the queue."""
        while True:
            try:
                await self._from_the_queue()
            except* StoreOlder as group:
                log.error("%s", group.exceptions[0])
            except* AWAY as group:
                log.warning(
                    "webhook %s begins again from its queue: %r", self._endpoint.name, group.exceptions[0]
                )
            await asyncio.sleep(PAUSE_SECONDS)

    async def _from_the_queue(self) -> None:
        line = Line(self._policy)
        await self._forget()
        await ledger.take_again(self._pool, self._endpoint)
        for one in await ledger.waiting(self._pool, self._endpoint.name):
            line.add(one)
        async with (
            client(self._seconds, self._policy.at_once) as requests,
            asyncio.TaskGroup() as group,
        ):
            looking = group.create_task(self._take_up(line))
            forgetting = group.create_task(self._forget_taken())
            try:
                await self._send(line, requests, group)
            finally:
                looking.cancel()
                forgetting.cancel()

    async def _take_up(self, line: Line) -> None:
        while True:
            self.appended.clear()
            more = False
            if len(line) < ledger.FULL:
                async with self._changing:
                    room = ledger.FULL - len(line)
                    fresh, more = await ledger.take_up(self._pool, self._endpoint, room)
                    for one in fresh:
                        line.add(one)
                if fresh:
                    self._moved.set()
            if not more:
                await _wait(self.appended, LOOK_SECONDS)

    async def _send(self, line: Line, requests: httpx.AsyncClient, group: asyncio.TaskGroup) -> None:
        looked = now()
        while True:
            self._moved.clear()
            turn: list[Waiting] = []
            while (one := line.take(now())) is not None:
                turn.append(one)
            if turn:
                events = {event.position: event for event in await self._store.at([w.position for w in turn])}
                for one in turn:
                    group.create_task(self._attempt(line, requests, one, events.get(one.position)))
            if now() - looked > timedelta(seconds=PAUSE_SECONDS):
                looked = now()
                async with self._changing:
                    released = await ledger.take_again(self._pool, self._endpoint)
                if released:
                    return  # what was released comes before what came after it: begin again from the queue
            coming = line.next_at()
            pause = PAUSE_SECONDS if coming is None else (coming - now()).total_seconds()
            await _wait(self._moved, min(max(pause, 0.001), PAUSE_SECONDS))

    async def _attempt(
        self, line: Line, requests: httpx.AsyncClient, one: Waiting, event: Event | None
    ) -> None:
        if event is None:
            failure: Failure | None = Failure("the store has no such event", refused=True)
        else:
            failure = await send(requests, self._endpoint.url, event, self._endpoint.secrets)
        if failure is None:
            line.succeeded(one, now())
            self._taken.append(one.position)
            self._moved.set()
            return
        again = line.failed(one, failure, now(), random.random())
        if again is not None:
            log.warning(
                "webhook %s: position %d %s, again at %s (attempt %d)",
                *(self._endpoint.name, one.position, failure.reason),
                *(again.due_at.isoformat(timespec="seconds"), again.tries),
            )
            await ledger.failed(self._pool, self._endpoint, again)
        else:
            log.error(
                "webhook %s: position %d is parked: %s", self._endpoint.name, one.position, failure.reason
            )
            async with self._changing:
                gone = line.leave(one.key)
                await ledger.park(self._pool, self._store, self._endpoint, gone, failure.reason)
        self._moved.set()

    async def _forget_taken(self) -> None:
        while True:
            await asyncio.sleep(FORGET_SECONDS)
            await self._forget()

    async def _forget(self) -> None:
        if taken := list(self._taken):
            await ledger.sent(self._pool, self._endpoint, taken, now())
            del self._taken[: len(taken)]


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
