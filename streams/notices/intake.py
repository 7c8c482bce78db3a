"""Takes in events: notes what is to be told in the transaction that moves the position, so that each is noted once."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from infra.clock import now
from infra.kafka.app import Batch
from infra.kafka.intake import PartitionLog, Passing, in_order
from infra.notifications import Notifications
from schemas.envelope import Event
from schemas.topics import CONVERSATIONS, TOPICS
from streams.notices import queue
from streams.notices.queue import CONSUMER, Found, Pool, Stirred
from streams.notices.schedule import STALE, Pace
from streams.notices.tidings import stirred_by, told_by

_BEGIN = """
    INSERT INTO ops.tracking (consumer, topic, partition, position)
    SELECT %s, %s, n, (SELECT position FROM store.log_head) FROM generate_series(0, %s) AS n
    WHERE NOT EXISTS (SELECT FROM ops.tracking WHERE consumer = %s)
"""
_LOCK = "SELECT partition, position FROM ops.tracking WHERE consumer = %s AND topic = %s ORDER BY partition FOR UPDATE"
_MOVE = """
    UPDATE ops.tracking SET position = greatest(position, %s)
    WHERE consumer = %s AND topic = %s AND partition = %s
"""


async def begin(pool: Pool) -> None:
    """The first start of all begins at the end of the log: nobody is told of what was long before."""
    async with pool.connection() as connection:
        last = TOPICS[CONVERSATIONS].partitions - 1
        await connection.execute(_BEGIN, (CONSUMER, CONVERSATIONS, last, CONSUMER))


class Intake:
    """Applies batches of the conversations."""

    def __init__(self, pool: Pool, log: PartitionLog, pace: Pace) -> None:
        self._pool = pool
        self._log = log
        self._pace = pace
        self._notifications = Notifications(pool)

    async def apply(self, batch: Batch) -> None:
        """Returns once everything in `batch` is noted. Raises what the database raises, with nothing changed."""
        async with self._pool.connection() as connection, connection.transaction():
            rows = await (await connection.execute(_LOCK, (CONSUMER, CONVERSATIONS))).fetchall()
            positions = {(CONVERSATIONS, partition): position for partition, position in rows}
            events = await in_order(positions, batch, self._log)
            await self._note(connection, [event for event in events if event.meta.at > now() - STALE])
            for (topic, partition), position in _reached(events, batch).items():
                await connection.execute(_MOVE, (position, CONSUMER, topic, partition))

    async def _note(self, connection: AsyncConnection[Any], events: Sequence[Event]) -> None:
        found = [
            Found(tiding, event.partition, event.position, event.meta.at)
            for event in events
            for tiding in told_by(event)
        ]
        if found:
            reachable = await self._notifications.reachable([one.tiding.user_id for one in found])
            found = [one for one in found if one.tiding.user_id in reachable]
        await queue.add(connection, found, self._pace)
        await queue.stir(connection, _stirred(events), self._pace)


def _stirred(events: Iterable[Event]) -> list[Stirred]:
    """Each room once, with the first moment and the last position."""
    rooms: dict[Any, tuple[Event, datetime]] = {}
    for event in events:
        if (room := stirred_by(event)) is not None:
            rooms[room] = (event, rooms[room][1] if room in rooms else event.meta.at)
    return [Stirred(room, event.partition, event.position, since) for room, (event, since) in rooms.items()]


def _reached(events: Iterable[Event], batch: Batch) -> dict[tuple[str, int], int]:
    """How far each partition has come with these events, and with those of the batch that mean nothing here."""
    found = {(event.topic, event.partition): event.position for event in events}
    for record in batch:
        if isinstance(record, Passing):
            at = (record.topic, record.partition)
            found[at] = max(record.position, found.get(at, 0))
    return found
