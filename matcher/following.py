"""A consumer whose index can be filled from the store: what comes is applied event by event, and positions follow.

An event that cannot be applied is passed over with a word. What it would have added is one among many and may be
missing; a question that waits behind it may not.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from infra.kafka.app import AWAY, Batch
from infra.kafka.intake import Passing, in_order
from infra.log import PAGE, EventLog
from matcher import positions
from matcher.index.answers import AnswerIndex
from schemas.envelope import Event
from schemas.topics import TOPICS

log = logging.getLogger(__name__)

FLUSH_SECONDS = 1.0
"""Positions past events that are none of ours are written this often, not with every batch of chat."""


class Following:
    """Keeps `index` at the events of `types` in `topics`: from Kafka as they come, from the store when it is new."""

    def __init__(
        self,
        pool: AsyncConnectionPool[AsyncConnection],
        event_log: EventLog,
        index: AnswerIndex,
        consumer: str,
        topics: Sequence[str],
        types: frozenset[str],
        one: Callable[[Event], Awaitable[None]],
    ) -> None:
        """`consumer` names the tracking rows; `one` applies one event, again and again with the same result."""
        self._pool = pool
        self._log = event_log
        self._index = index
        self.consumer = consumer
        self._topics = topics
        self._types = types
        self._one = one
        self._turn = asyncio.Lock()
        self._reached: dict[tuple[str, int], int] = {}
        self._written: dict[tuple[str, int], int] = {}

    async def open(self) -> None:
        """Open the index, and fill it from the store if it is new or was never filled to its end."""
        async with self._pool.connection() as connection:
            if not await asyncio.to_thread(self._index.exists):
                await positions.forget(connection, self.consumer)
            await asyncio.to_thread(self._index.open)
            self._written = await positions.read(connection, self.consumer)
        if len(self._written) < self._places:
            await self._fill()
        self._reached = dict(self._written)
        log.info("index %s holds %d", self._index.name, await asyncio.to_thread(self._index.count))

    async def apply(self, batch: Batch) -> None:
        """Bring the index past `batch`."""
        async with self._turn:
            events = await in_order(self._reached, batch, self._log)
            changed = await self._apply(events)
            self._reached |= positions.reached(events)
            for record in batch:
                if isinstance(record, Passing):
                    at = (record.topic, record.partition)
                    self._reached[at] = max(record.position, self._reached.get(at, 0))
            if changed:
                await self.flush()

    async def catch_up(self) -> int:
        """Apply what the store has beyond the positions reached, whether Kafka brought it or not; how many events."""
        count = 0
        async with self._turn:
            head = await self._log.head()
            everywhere = {at: head for topic in self._topics for at in positions.everywhere(topic, head)}
            for after in range(min(self._reached.get(at, 0) for at in everywhere), head, PAGE):
                events = await self._log.of_types(list(self._types), after, min(after + PAGE, head))
                new = [e for e in events if e.position > self._reached.get((e.topic, e.partition), 0)]
                count += await self._apply(new)
            self._reached = {at: max(head, self._reached.get(at, 0)) for at in everywhere}
            await self.flush()
        return count

    async def flush(self) -> None:
        """Write the positions that have moved."""
        moved = {at: position for at, position in self._reached.items() if self._written.get(at) != position}
        if moved:
            async with self._pool.connection() as connection, connection.transaction():
                await positions.advance(connection, self.consumer, moved)
            self._written |= moved

    async def flush_for_ever(self) -> None:
        """Flush now and then, so that a quiet moment does not look like a standstill; and fill an index whose
        positions were forgotten."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self.fill_if_forgotten()
                await self.flush()
            except AWAY as error:
                log.warning("positions are written later, since the store is away: %s", error)

    async def fill_if_forgotten(self) -> None:
        """Fill the index from the store if its positions are gone, or the index itself under a matcher that runs; what
        comes meanwhile waits for its end."""
        async with self._turn:
            gone = not await asyncio.to_thread(self._index.exists)
            async with self._pool.connection() as connection:
                if gone:
                    await positions.forget(connection, self.consumer)
                tracked = await positions.read(connection, self.consumer)
            if self._written and len(tracked) < self._places:
                log.warning("the positions of %s are gone: filling it from the store", self._index.name)
                if gone:
                    await asyncio.to_thread(self._index.open)
                await self._fill()
                self._reached = {at: max(p, self._reached.get(at, 0)) for at, p in self._written.items()}

    async def _fill(self) -> None:
        head = await self._log.head()
        for after in range(0, head, PAGE):  # a log may be longer than memory
            await self._apply(await self._log.of_types(list(self._types), after, min(after + PAGE, head)))
        self._written = {at: head for topic in self._topics for at in positions.everywhere(topic, head)}
        async with self._pool.connection() as connection, connection.transaction():
            await positions.advance(connection, self.consumer, self._written)

    async def _apply(self, events: Sequence[Event]) -> int:
        wanted = [event for event in events if event.type in self._types]
        for event in wanted:
            try:
                await self._one(event)
            except AWAY:
                raise
            except (ValueError, TypeError, LookupError) as error:
                log.error("%s passes over position %d: %r", self.consumer, event.position, error)
        return len(wanted)

    @property
    def _places(self) -> int:
        return sum(TOPICS[topic].partitions for topic in self._topics)
