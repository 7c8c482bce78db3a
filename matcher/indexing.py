"""Keeps the index at the experts' events: from Kafka as they come, from the store when an index is new.

An event that cannot be indexed is parked with the later ones of its expert; the others do not wait for it.

A position is tracked only after what it stands for survives a kill (`ExpertIndex.put` says when), so the tracked
position is never ahead of the index. The tracking rows are locked meanwhile, which fences a worker that woke up late.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from uuid import UUID

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from infra.kafka.app import AWAY, Batch
from infra.kafka.intake import in_order
from infra.log import EventLog
from matcher import positions
from matcher.encoders.worker import EncoderThread
from matcher.index.contract import ExpertIndex, IndexedExpert
from matcher.profiles import expert_of, fold
from schemas.envelope import Event
from schemas.events.unreadable import Unreadable
from schemas.topics import EXPERTS, TOPICS

log = logging.getLogger(__name__)

_PAGE = 500
NOWHERE: Mapping[tuple[str, int], int] = MappingProxyType({})
RELEASE_SECONDS = 1.0
_FAULTS = (ValueError, TypeError, LookupError, ArithmeticError)
"""What indexing an event raises when the event is to blame, and no server that is away."""


def consumer_of(index: ExpertIndex) -> str:
    """The name in `ops.tracking` of what feeds `index`: each index has its own position."""
    return f"matcher:index:{index.name}"


class Indexing:
    """The consumer of `yeon.experts.v1`."""

    def __init__(
        self,
        pool: AsyncConnectionPool[AsyncConnection],
        event_log: EventLog,
        thread: EncoderThread,
        encoder_identity: str,
        index: ExpertIndex,
        freed: Callable[[UUID, bool], None] = lambda expert_id, free: None,
        changed: Callable[[Sequence[IndexedExpert]], None] = lambda experts: None,
    ) -> None:
        """`freed` is told, on a thread, whether an expert who changed may be asked, and `changed` who they are now."""
        self._pool = pool
        self._log = event_log
        self._thread = thread
        self._encoder_identity = encoder_identity
        self._index = index
        self._freed = freed
        self._changed = changed
        self.consumer = consumer_of(index)

    async def open(self) -> None:
        """Open the index. One that is new, or was never filled to its end, is filled from the store first."""
        async with self._pool.connection() as connection:
            if not await asyncio.to_thread(self._index.exists):
                # Before the index is made, so that no kill can leave an empty index with old positions.
                await positions.forget(connection, self.consumer)
            await asyncio.to_thread(self._index.open)
            tracked = await positions.read(connection, self.consumer)
        if len(tracked) < TOPICS[EXPERTS].partitions:
            await self._fill()
        await self._release(None)
        log.info("index %s holds %d experts", self._index.name, await asyncio.to_thread(self._index.count))

    async def apply(self, batch: Batch) -> None:
        """Bring the index past `batch`."""
        async with self._pool.connection() as connection, connection.transaction():
            held = await positions.lock(connection, self.consumer, EXPERTS)
            events = await in_order(held, batch, self._log)
            if events:
                await self._index_or_park(connection, events)
                await positions.advance(connection, self.consumer, positions.reached(events))

    async def catch_up(self) -> int:
        """Index what the store has beyond the tracked positions, whether Kafka brought it or not; how many events."""
        async with self._pool.connection() as connection, connection.transaction():
            held = await positions.lock(connection, self.consumer, EXPERTS)
            head = await self._log.head()
            count = await self._fill_up_to(connection, head, held)
            await positions.advance(connection, self.consumer, positions.everywhere(EXPERTS, head))
        return count

    async def release_for_ever(self) -> None:
        """Take up again what an operator wants tried again, and fill an index whose positions were forgotten, until
        cancelled."""
        while True:
            await asyncio.sleep(RELEASE_SECONDS)
            try:
                await self.fill_if_forgotten()
                async with self._pool.connection() as connection:
                    keys = await positions.keys_asked_again(connection, self.consumer)
                if keys:
                    await self._release(keys)
                    async with self._pool.connection() as connection:
                        await positions.answered_again(connection, self.consumer, keys)
            except AWAY as error:
                log.warning("parked experts wait for a store: %s", error)

    async def _release(self, keys: set[UUID] | None) -> None:
        """Index what was parked, of `keys` or all, in order; what fails again stays, and what is behind it."""
        async with self._pool.connection() as connection, connection.transaction():
            await positions.lock(connection, self.consumer, EXPERTS)
            stuck: set[UUID] = set()
            for position, key in await positions.parked(connection, self.consumer, keys):
                if key in stuck:
                    continue
                events = await self._log.read(position - 1, 1, position)
                if reason := await self._fault(events):
                    stuck.add(key)
                    await positions.explain(connection, self.consumer, position, reason)
                else:
                    await positions.unpark(connection, self.consumer, key, position)

    async def _index_or_park(self, connection: AsyncConnection, events: Sequence[Event]) -> None:
        keys = {event.data.partition_key for event in events}
        parked = await positions.parked_keys(connection, self.consumer, list(keys))
        if not parked and not await self._fault(events):
            return
        for event in events:
            key = event.data.partition_key
            behind = "behind an earlier event of this expert" if key in parked else None
            if reason := behind or await self._fault([event]):
                log.error("parking position %d of expert %s: %s", event.position, key, reason)
                parked.add(key)
                await positions.park(connection, self.consumer, event, reason)

    async def _fault(self, events: Sequence[Event]) -> str | None:
        """Index `events`; what is wrong with them, if they could not be."""
        try:
            for event in events:
                if isinstance(event.data, Unreadable):
                    raise ValueError(event.data.reason)
            await self._index_events(events)
        except AWAY:
            raise
        except _FAULTS as error:
            return f"{type(error).__name__}: {error}"
        return None

    async def fill_if_forgotten(self) -> None:
        """Fill the index from the store if its positions are gone, or the index itself under a matcher that runs; what
        comes meanwhile waits for its end."""
        gone = not await asyncio.to_thread(self._index.exists)
        async with self._pool.connection() as connection:
            if gone:
                await positions.forget(connection, self.consumer)
            tracked = await positions.read(connection, self.consumer)
            if len(tracked) >= TOPICS[EXPERTS].partitions:
                return
            log.warning("the positions of %s are gone: filling it from the store", self._index.name)
            if gone:
                await asyncio.to_thread(self._index.open)
            async with connection.transaction():
                await positions.advance(connection, self.consumer, positions.everywhere(EXPERTS, 0))
                await positions.lock(connection, self.consumer, EXPERTS)
                head = await self._log.head()
                count = await self._fill_up_to(connection, head)
                await positions.advance(connection, self.consumer, positions.everywhere(EXPERTS, head))
        log.info("filled %s from the store: %d events up to position %d", self._index.name, count, head)

    async def _fill(self) -> None:
        head = await self._log.head()
        async with self._pool.connection() as connection:
            count = await self._fill_up_to(connection, head)
        async with self._pool.connection() as connection, connection.transaction():
            await positions.advance(connection, self.consumer, positions.everywhere(EXPERTS, head))
        log.info("filled %s from the store: %d events up to position %d", self._index.name, count, head)

    async def _fill_up_to(
        self, connection: AsyncConnection, head: int, after: Mapping[tuple[str, int], int] = NOWHERE
    ) -> int:
        """Index every event up to `head` that stands `after` these positions; how many there are."""
        count = 0
        for partition in range(TOPICS[EXPERTS].partitions):
            events = await self._log.read_partition(
                EXPERTS, partition, after.get((EXPERTS, partition), 0), head
            )
            count += len(events)
            for start in range(0, len(events), _PAGE):
                await self._index_or_park(connection, events[start : start + _PAGE])
        return count

    async def _index_events(self, events: Sequence[Event]) -> None:
        ids = {expert_id for event in events if (expert_id := expert_of(event.data))}
        known = await asyncio.to_thread(self._index.get, list(ids))
        changes = fold(known, (event.data for event in events), self._encoder_identity)
        vectors = await self._thread.passages(list(changes.passages.values()))
        profiled = [changes.experts[expert_id] for expert_id in changes.passages]
        await asyncio.to_thread(self._index.put, profiled, vectors)
        others = [one for expert_id, one in changes.experts.items() if expert_id not in changes.passages]
        await asyncio.to_thread(self._index.change, others)
        await asyncio.to_thread(self._tell, list(changes.experts.values()))

    def _tell(self, experts: Sequence[IndexedExpert]) -> None:
        self._changed(experts)
        for one in experts:
            self._freed(one.expert_id, one.available and not one.at_capacity)
