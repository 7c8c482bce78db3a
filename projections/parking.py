"""What is parked, in order per key: looked at, taken up again past the chain guard, or given up.

A view takes its own up here. Any other consumer is asked to, by a mark on the row, since it alone knows how.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row

from infra.kafka.intake import PartitionLog
from projections.catalogue import View
from projections.queries.reading import Pool
from projections.rows import Push
from projections.runner import Applied, lock
from projections.tables import LIVE
from projections.taking import Parked, take, write_apart
from schemas.topics import TOPICS

_WAITING = """
    SELECT consumer, key, position, topic, partition, reason, parked_at FROM ops.parked
    WHERE (%(consumer)s::text IS NULL OR consumer = %(consumer)s) AND (%(key)s::uuid IS NULL OR key = %(key)s)
      AND (%(position)s::bigint IS NULL OR position = %(position)s)
    ORDER BY consumer, position
"""
_DROPPED = """
    INSERT INTO ops.dropped (consumer, key, position, reason) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
_FREED = "DELETE FROM ops.parked WHERE consumer = %s AND key = %s AND position = %s"
_AGAIN = "UPDATE ops.parked SET reason = %s WHERE consumer = %s AND key = %s AND position = %s"
_ASKED = """
    UPDATE ops.parked SET again = true WHERE consumer = %s AND (%s::uuid IS NULL OR key = %s)
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of `ops.parked`."""

    consumer: str
    key: UUID
    position: int
    topic: str
    partition: int
    reason: str
    parked_at: datetime


async def waiting(
    pool: Pool, consumer: str | None = None, key: UUID | None = None, position: int | None = None
) -> list[Waiting]:
    """What is parked, by consumer and then in order; all of it, or that of one consumer, key or position."""
    async with pool.connection() as connection:
        return await _waiting(connection, consumer, key, position)


async def release(pool: Pool, log: PartitionLog, view: View, key: UUID | None = None) -> Applied:
    """Applies what `view` has parked, of `key` or all; what still cannot be taken, and what is behind it, stays."""
    async with pool.connection() as connection, connection.transaction():
        await _lock(connection, view)
        return await _release(connection, log, view, key)


async def drop(pool: Pool, consumer: str, key: UUID) -> Waiting | None:
    """Gives up the first parked event of `key`; what is behind it stays, until it is released. None if there is none.

    Until the next rebuild, which meets the event again, the view is as if the event had never been; `ops.dropped` says so,
    and the audit does not miss it.
    """
    async with pool.connection() as connection, connection.transaction():
        found = await _waiting(connection, consumer, key)
        if not found:
            return None
        first = found[0]
        await connection.execute(_DROPPED, (consumer, key, first.position, first.reason))
        await connection.execute(_FREED, (consumer, key, first.position))
        return first


async def ask_again(pool: Pool, consumer: str, key: UUID | None = None) -> None:
    """Have the process that runs `consumer` try again what it parked, of `key` or all."""
    async with pool.connection() as connection:
        await connection.execute(_ASKED, (consumer, key, key))


async def _waiting(
    connection: AsyncConnection[Any], consumer: str | None, key: UUID | None, position: int | None = None
) -> list[Waiting]:
    async with connection.cursor(row_factory=class_row(Waiting)) as cursor:
        await cursor.execute(_WAITING, {"consumer": consumer, "key": key, "position": position})
        return await cursor.fetchall()


async def _lock(connection: AsyncConnection[Any], view: View) -> None:
    await lock(connection, [view], [(view.topic, n) for n in range(TOPICS[view.topic].partitions)])


async def _release(
    connection: AsyncConnection[Any], log: PartitionLog, view: View, key: UUID | None
) -> Applied:
    pushes: list[Push] = []
    still: list[Parked] = []
    held: set[UUID] = set()
    for one in await _waiting(connection, view.consumer, key):
        if one.key in held:
            still.append(_parked(one, one.reason))
            continue
        events = await log.read_partition(one.topic, one.partition, one.position - 1, one.position)
        taken = take(view, events, held)
        await write_apart(connection, LIVE, [taken])
        reasons = [parked.reason for parked in taken.parked]
        if not events:
            reasons = ["the store has no such event"]
        if reasons:
            held.add(one.key)
            still.append(_parked(one, reasons[0]))
            await connection.execute(_AGAIN, (reasons[0], view.consumer, one.key, one.position))
        else:
            await connection.execute(_FREED, (view.consumer, one.key, one.position))
            pushes += taken.pushes
    return Applied(tuple(pushes), (), tuple(still))


def _parked(one: Waiting, reason: str) -> Parked:
    return Parked(one.consumer, one.key, one.position, one.topic, one.partition, reason)


def by_key(found: Sequence[Waiting]) -> list[list[Waiting]]:
    """What waits, in order, for each consumer and key."""
    groups: dict[tuple[str, UUID], list[Waiting]] = {}
    for one in found:
        groups.setdefault((one.consumer, one.key), []).append(one)
    return list(groups.values())
