"""What the webhooks remember in PostgreSQL: how far each endpoint is, what waits for it, and what was parked.

An event is moved past and put into the queue in one transaction, and leaves the queue once it was taken: whoever is
killed, nothing is skipped. Only positions are kept, no words: what is erased meanwhile is sent without them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row

from infra.log import EventLog
from projections.queries.reading import Pool
from schemas.events.unreadable import FAMILIES, family_of
from schemas.mapper import place_of
from schemas.topics import partition_of
from streams.webhooks.endpoint import Endpoint, resolved
from streams.webhooks.line import Waiting

PAGE = 2_000
"""Most positions looked at in one turn."""
FULL = 1_000
"""Events that wait for one endpoint, beyond which no more are taken up: the log keeps them."""

_ENDPOINTS: LiteralString = """
    SELECT e.name, e.url, e.types, array_agg(s.secret ORDER BY s.retires_at DESC NULLS FIRST)
    FROM store.webhook_endpoints e JOIN store.webhook_secrets s USING (name)
    WHERE s.retires_at IS NULL OR s.retires_at > now() GROUP BY e.name ORDER BY e.name
"""
_QUEUE: LiteralString = """
    SELECT position, key, tries, counted, failed_at, due_at, reason
    FROM ops.webhook_queue WHERE name = %s ORDER BY position
"""
_NEXT: LiteralString = """
    SELECT notification_id, originator_id, topic, state FROM store.stored_events
    WHERE notification_id > %s AND notification_id <= %s AND topic = ANY(%s) ORDER BY notification_id LIMIT %s
"""
_FAILED: LiteralString = """
    UPDATE ops.webhook_queue SET tries = %s, counted = %s, failed_at = %s, due_at = %s, reason = %s
    WHERE name = %s AND position = %s
"""
_PARK: LiteralString = """
    INSERT INTO ops.parked (consumer, key, position, topic, partition, reason)
    VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
_AGAIN: LiteralString = """
    WITH freed AS (
        DELETE FROM ops.parked WHERE consumer = %(consumer)s
        AND key IN (SELECT key FROM ops.parked WHERE consumer = %(consumer)s AND again) RETURNING key, position
    )
    INSERT INTO ops.webhook_queue (name, position, key) SELECT %(name)s, position, key FROM freed
    ON CONFLICT DO NOTHING RETURNING key
"""


class StoreOlder(Exception):
    """The event store ends before what was already sent of it: it was restored from an older backup."""


@dataclass(frozen=True, slots=True)
class Found:
    """An event of the log by its place alone."""

    position: int
    key: UUID
    topic: str
    partition: int


async def endpoints(pool: Pool) -> list[Endpoint]:
    """All that are configured."""
    async with pool.connection() as connection:
        rows = await (await connection.execute(_ENDPOINTS)).fetchall()
    return [Endpoint(name, url, resolved(types), tuple(secrets)) for name, url, types, secrets in rows]


async def waiting(pool: Pool, name: str) -> list[Waiting]:
    """What waits for an endpoint, in order."""
    async with pool.connection() as connection, connection.cursor(row_factory=class_row(Waiting)) as cursor:
        await cursor.execute(_QUEUE, (name,))
        return await cursor.fetchall()


async def take_up(pool: Pool, endpoint: Endpoint, most: int) -> tuple[list[Waiting], bool]:
    """Move on in the log by at most `most` events for `endpoint`: those to be sent now, and whether there is more.

    Events behind a parked one are parked. Raises `StoreOlder`.
    """
    async with pool.connection() as connection, connection.transaction():
        row = await _row(
            connection,
            "SELECT p.position, h.position FROM ops.webhook_progress p CROSS JOIN store.log_head h"
            " WHERE name = %s FOR UPDATE OF p",
            (endpoint.name,),
        )
        if row is None:
            return [], False
        position, head = row
        if position > head:
            raise StoreOlder(
                f"The event store ends at position {head}, but the webhook {endpoint.name} is at {position}: it was"
                " restored from an older backup. `yeon rebuild everything` makes all else follow it."
            )
        if position == head:
            return [], False
        upto = min(head, position + PAGE)
        cursor = await connection.execute(_NEXT, (position, upto, list(endpoint.types), most))
        found = [_found(*each) for each in await cursor.fetchall()]
        if len(found) == most:
            upto = found[-1].position
        parked = await _parked_keys(connection, endpoint)
        await _park(connection, endpoint, [one for one in found if one.key in parked], "behind a parked one")
        fresh = [Waiting(one.position, one.key) for one in found if one.key not in parked]
        await connection.execute(
            "INSERT INTO ops.webhook_queue (name, position, key)"
            " SELECT %s, * FROM unnest(%s::bigint[], %s::uuid[])",
            (endpoint.name, [one.position for one in fresh], [one.key for one in fresh]),
        )
        await connection.execute(
            "UPDATE ops.webhook_progress SET position = %s WHERE name = %s", (upto, endpoint.name)
        )
    return fresh, upto < head


async def sent(pool: Pool, endpoint: Endpoint, positions: Sequence[int], at: datetime) -> None:
    """These were taken."""
    async with pool.connection() as connection, connection.transaction():
        await connection.execute(
            "DELETE FROM ops.webhook_queue WHERE name = %s AND position = ANY(%s)",
            (endpoint.name, list(positions)),
        )
        await connection.execute(
            "UPDATE ops.webhook_progress SET succeeded_at = %s WHERE name = %s", (at, endpoint.name)
        )


async def failed(pool: Pool, endpoint: Endpoint, one: Waiting) -> None:
    """It is tried again later."""
    async with pool.connection() as connection, connection.transaction():
        row = (one.tries, one.counted, one.failed_at, one.due_at, one.reason, endpoint.name, one.position)
        await connection.execute(_FAILED, row)
        await _note_failure(connection, endpoint, one.reason)


async def park(pool: Pool, log: EventLog, endpoint: Endpoint, gone: Sequence[Waiting], reason: str) -> None:
    """The first of `gone` was tried often enough; it is parked, and what waits behind it."""
    first, *behind = [one.position for one in gone]
    places = {place.position: place for place in await log.places(first - 1, first)}
    places |= {p.position: p for each in behind for p in await log.places(each - 1, each)}
    async with pool.connection() as connection, connection.transaction():
        still = "SELECT FROM ops.webhook_progress WHERE name = %s FOR UPDATE"
        if await _row(connection, still, (endpoint.name,)) is None:
            return  # the endpoint was removed
        await connection.execute(
            "DELETE FROM ops.webhook_queue WHERE name = %s AND position = ANY(%s)",
            (endpoint.name, [first, *behind]),
        )
        found = [
            Found(one.position, one.key, places[one.position].topic, places[one.position].partition)
            for one in gone
            if one.position in places
        ]
        await _park(connection, endpoint, found[:1], reason)
        await _park(connection, endpoint, found[1:], f"behind {first}")
        await _note_failure(connection, endpoint, reason)


async def take_again(pool: Pool, endpoint: Endpoint) -> bool:
    """Put back into the queue what an operator released from the parked; whether there was any."""
    async with pool.connection() as connection, connection.transaction():
        cursor = await connection.execute(_AGAIN, {"consumer": endpoint.consumer, "name": endpoint.name})
        return bool(await cursor.fetchall())


async def _parked_keys(connection: AsyncConnection[Any], endpoint: Endpoint) -> set[UUID]:
    cursor = await connection.execute(
        "SELECT DISTINCT key FROM ops.parked WHERE consumer = %s", (endpoint.consumer,)
    )
    return {key for (key,) in await cursor.fetchall()}


async def _park(
    connection: AsyncConnection[Any], endpoint: Endpoint, found: Sequence[Found], reason: str
) -> None:
    async with connection.cursor() as cursor:
        await cursor.executemany(
            _PARK,
            [(endpoint.consumer, one.key, one.position, one.topic, one.partition, reason) for one in found],
        )


async def _note_failure(connection: AsyncConnection[Any], endpoint: Endpoint, reason: str) -> None:
    await connection.execute(
        "UPDATE ops.webhook_progress SET failed_at = now(), failure = %s WHERE name = %s",
        (reason, endpoint.name),
    )


def _found(position: int, stream: UUID, type_name: str, state: bytes) -> Found:
    topic = FAMILIES[family_of(type_name)]
    key = place_of(topic, stream, state)
    return Found(position, key, topic, partition_of(topic, key))


async def _row(
    connection: AsyncConnection[Any], statement: LiteralString, parameters: tuple[object, ...]
) -> tuple[Any, ...] | None:
    return await (await connection.execute(statement, parameters)).fetchone()
