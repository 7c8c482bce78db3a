"""Where the matcher's consumers stand, and what they parked, in `ops.tracking` and `ops.parked`."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from psycopg import AsyncConnection

from schemas.envelope import Event
from schemas.topics import TOPICS

Positions = Mapping[tuple[str, int], int]
"""By topic and partition."""


async def read(connection: AsyncConnection, consumer: str) -> dict[tuple[str, int], int]:
    """The positions of `consumer`; partitions it never tracked are left out."""
    rows = await connection.execute(
        "SELECT topic, partition, position FROM ops.tracking WHERE consumer = %s", (consumer,)
    )
    return {(topic, partition): position for topic, partition, position in await rows.fetchall()}


async def lock(connection: AsyncConnection, consumer: str, topic: str) -> dict[tuple[str, int], int]:
    """The positions of `consumer` in `topic`, held until the caller's transaction ends; others wait for it."""
    rows = await connection.execute(
        "SELECT partition, position FROM ops.tracking WHERE consumer = %s AND topic = %s"
        " ORDER BY partition FOR UPDATE",
        (consumer, topic),
    )
    return {(topic, partition): position for partition, position in await rows.fetchall()}


async def advance(connection: AsyncConnection, consumer: str, positions: Positions) -> None:
    """Move `consumer` to `positions`, never backwards."""
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO ops.tracking AS held (consumer, topic, partition, position) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (consumer, topic, partition) DO UPDATE SET position = excluded.position"
            " WHERE held.position < excluded.position",
            [(consumer, topic, partition, at) for (topic, partition), at in sorted(positions.items())],
        )


async def forget(connection: AsyncConnection, consumer: str) -> None:
    """As if `consumer` had never been."""
    await connection.execute("DELETE FROM ops.tracking WHERE consumer = %s", (consumer,))
    for table in ("parked", "dropped"):
        await connection.execute(f"DELETE FROM ops.{table} WHERE consumer = %s", (consumer,))


def reached(events: Iterable[Event]) -> dict[tuple[str, int], int]:
    """The last position of each partition of `events`, which are in order."""
    return {(event.topic, event.partition): event.position for event in events}


def everywhere(topic: str, position: int) -> dict[tuple[str, int], int]:
    """`position` for each partition of `topic`."""
    return {(topic, partition): position for partition in range(TOPICS[topic].partitions)}


async def park(connection: AsyncConnection, consumer: str, event: Event, reason: str) -> None:
    """Keep `event` for later, with why."""
    await connection.execute(
        "INSERT INTO ops.parked (consumer, key, position, topic, partition, reason)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (consumer, event.data.partition_key, event.position, event.topic, event.partition, reason),
    )


async def parked_keys(connection: AsyncConnection, consumer: str, keys: Sequence[UUID]) -> set[UUID]:
    """Those of `keys` of which something is parked: what comes later of them has to wait behind it."""
    rows = await connection.execute(
        "SELECT DISTINCT key FROM ops.parked WHERE consumer = %s AND key = ANY(%s)", (consumer, list(keys))
    )
    return {key for (key,) in await rows.fetchall()}


async def parked(
    connection: AsyncConnection, consumer: str, keys: Iterable[UUID] | None = None
) -> list[tuple[int, UUID]]:
    """Position and key of everything `consumer` has parked, or of what it has of `keys`, oldest first."""
    wanted = None if keys is None else list(keys)
    rows = await connection.execute(
        "SELECT position, key FROM ops.parked WHERE consumer = %s"
        " AND (%s::uuid[] IS NULL OR key = ANY(%s)) ORDER BY position",
        (consumer, wanted, wanted),
    )
    return [(position, key) for position, key in await rows.fetchall()]


async def unpark(connection: AsyncConnection, consumer: str, key: UUID, position: int) -> None:
    """What was parked has been processed."""
    await connection.execute(
        "DELETE FROM ops.parked WHERE consumer = %s AND key = %s AND position = %s", (consumer, key, position)
    )


async def keys_asked_again(connection: AsyncConnection, consumer: str) -> set[UUID]:
    """The keys that an operator wants tried again; they stay marked until `answered_again`."""
    rows = await connection.execute(
        "SELECT DISTINCT key FROM ops.parked WHERE consumer = %s AND again", (consumer,)
    )
    return {key for (key,) in await rows.fetchall()}


async def answered_again(connection: AsyncConnection, consumer: str, keys: Iterable[UUID]) -> None:
    """What could be was tried again."""
    await connection.execute(
        "UPDATE ops.parked SET again = false WHERE consumer = %s AND key = ANY(%s)", (consumer, list(keys))
    )


async def explain(connection: AsyncConnection, consumer: str, position: int, reason: str) -> None:
    """Why the event at `position` is still parked."""
    await connection.execute(
        "UPDATE ops.parked SET reason = %s WHERE consumer = %s AND position = %s",
        (reason, consumer, position),
    )
