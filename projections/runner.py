"""Applies a batch of events to all views of its topics: rows, tracking and parked events in one transaction.

The tracking rows are locked first, which also makes a worker that woke up late wait and then find its batch seen.
Whatever Kafka lost, repeated or disordered is put right by the chain guard before anything is applied.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import orjson
from psycopg import AsyncConnection

from infra.kafka.intake import PartitionLog, Record, in_order
from projections.catalogue import View, views_of
from projections.queries.reading import Pool
from projections.rows import Push
from projections.tables import LIVE
from projections.taking import EVENT_FAULTS, Parked, Taken, take, write_apart, write_together
from projections.writing import Statement, run
from schemas.envelope import Event, Received

Place = tuple[str, int]
"""Topic and partition."""
Positions = dict[tuple[str, str, int], int]
"""The position applied, by consumer, topic and partition."""

_WANTED = "unnest(%s::text[], %s::text[], %s::int[]) AS w (consumer, topic, partition)"
_LOCK = f"""
    SELECT t.consumer, t.topic, t.partition, t.position
    FROM ops.tracking t JOIN {_WANTED} USING (consumer, topic, partition)
    ORDER BY 1, 2, 3 FOR UPDATE OF t
"""
_BEGIN = f"INSERT INTO ops.tracking SELECT w.*, 0 FROM {_WANTED} ON CONFLICT DO NOTHING"
_HELD = """
    SELECT DISTINCT consumer, key FROM ops.parked
    WHERE consumer = ANY(%s) AND topic = ANY(%s) AND partition = ANY(%s)
"""
_TRACK = b"""
    UPDATE ops.tracking t SET position = greatest(t.position, w.position)
    FROM json_to_recordset(%s::json) AS w (consumer text, topic text, partition int, position bigint)
    WHERE t.consumer = w.consumer AND t.topic = w.topic AND t.partition = w.partition
"""
_PARK = b"""
    INSERT INTO ops.parked (consumer, key, position, topic, partition, reason)
    SELECT * FROM json_to_recordset(%s::json)
        AS p (consumer text, key uuid, position bigint, topic text, partition int, reason text)
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """A partition's events have been applied up to `position` by every view of its topic."""

    topic: str
    partition: int
    position: int


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch came to, once it is committed."""

    pushes: tuple[Push, ...] = ()
    progress: tuple[Progress, ...] = ()
    parked: tuple[Parked, ...] = ()


async def apply_batch(pool: Pool, batch: Sequence[Record], log: PartitionLog) -> Applied:
    """Applies what is new in `batch`, with anything missing before it read from `log`.

    Raises what the database or the log raises, with nothing changed; the same batch may then be given again.
    """
    if not batch:
        return Applied()
    async with pool.connection() as connection:
        try:
            return await _together(connection, batch, log)
        except EVENT_FAULTS:
            return await _apart(connection, batch, log)


async def _together(connection: AsyncConnection[Any], batch: Sequence[Record], log: PartitionLog) -> Applied:
    """The way of nearly every batch."""
    async with connection.transaction():
        all_taken, reached = await _take(connection, batch, log)
        await write_together(connection, LIVE, all_taken, _noted(all_taken, reached))
    return _applied(all_taken, reached)


async def _apart(connection: AsyncConnection[Any], batch: Sequence[Record], log: PartitionLog) -> Applied:
    """The way of a batch with an event whose rows are refused."""
    async with connection.transaction():
        all_taken, reached = await _take(connection, batch, log)
        await write_apart(connection, LIVE, all_taken)
        await run(connection, _noted(all_taken, reached))
    return _applied(all_taken, reached)


async def _take(
    connection: AsyncConnection[Any], batch: Sequence[Record], log: PartitionLog
) -> tuple[list[Taken], dict[Place, int]]:
    """Locks, and gives what each view makes of what it has not seen, and where each partition then stands."""
    places = {_place(record) for record in batch}
    views = [view for topic in sorted({topic for topic, _ in places}) for view in views_of(topic)]
    positions, held = await lock(connection, views, places)
    lowest: dict[Place, int] = {}
    for (_, topic, partition), position in positions.items():
        lowest[topic, partition] = min(position, lowest.get((topic, partition), position))
    events = await in_order(lowest, batch, log)
    reached: dict[Place, int] = {}
    for event in events:
        reached[event.topic, event.partition] = event.position
    all_taken = [
        take(view, _unseen(view, events, positions), held.setdefault(view.consumer, set())) for view in views
    ]
    return all_taken, reached


def _place(record: Record) -> Place:
    if isinstance(record, Received):
        return record.event.topic, record.event.partition
    return record.topic, record.partition


def _unseen(view: View, events: Iterable[Event], positions: Positions) -> Iterable[Event]:
    return (
        event
        for event in events
        if event.topic == view.topic
        and event.position > positions[view.consumer, event.topic, event.partition]
    )


async def lock(
    connection: AsyncConnection[Any], views: Sequence[View], places: Collection[Place]
) -> tuple[Positions, dict[str, set[UUID]]]:
    """Locks the tracking rows of `views` at `places`; their positions, and the keys each consumer has parked there."""
    wanted = [(view.consumer, *place) for view in views for place in places if place[0] == view.topic]
    if not wanted:
        return {}, {}
    columns = [list(column) for column in zip(*wanted, strict=True)]
    found = await connection.execute(_LOCK, columns)
    parked = await connection.execute(_HELD, columns)
    rows = await found.fetchall()
    if len(rows) < len(wanted):
        await connection.execute(_BEGIN, columns)
        rows = await (await connection.execute(_LOCK, columns)).fetchall()
    held: dict[str, set[UUID]] = {}
    for consumer, key in await parked.fetchall():
        held.setdefault(consumer, set()).add(key)
    return {(consumer, topic, partition): position for consumer, topic, partition, position in rows}, held


def _noted(all_taken: Sequence[Taken], reached: dict[Place, int]) -> list[Statement]:
    tracking = [
        (taken.view.consumer, topic, partition, position)
        for taken in all_taken
        for (topic, partition), position in reached.items()
        if topic == taken.view.topic
    ]
    return noted(tracking, [parked for taken in all_taken for parked in taken.parked])


def noted(tracking: Iterable[tuple[str, str, int, int]], parked: Sequence[Parked]) -> list[Statement]:
    """Raises the positions of (consumer, topic, partition), which are locked, and adds parked events."""
    names = ("consumer", "topic", "partition", "position")
    positions = [dict(zip(names, one, strict=True)) for one in tracking]
    found = [(_TRACK, orjson.dumps(positions).decode())] if positions else []
    return [*found, (_PARK, orjson.dumps([asdict(one) for one in parked]).decode())] if parked else found


def _applied(all_taken: Sequence[Taken], reached: dict[Place, int]) -> Applied:
    return Applied(
        tuple(push for taken in all_taken for push in taken.pushes),
        tuple(Progress(topic, partition, position) for (topic, partition), position in reached.items()),
        tuple(parked for taken in all_taken for parked in taken.parked),
    )
