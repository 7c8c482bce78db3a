"""The rows of `ops.notices` and `ops.stirred_rooms`: what waits to be told, and what became of it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool

from schemas.topics import CONVERSATIONS
from streams.notices.schedule import CHANNELS, Channel, Pace
from streams.notices.tidings import Kind, Tiding

Pool = AsyncConnectionPool[AsyncConnection[Any]]
CONSUMER = "notifier"
MOST = 50
"""Notices sent at once."""

# A row that waits keeps its time; one that was told waits at least as long as two about the same may follow each other.
_ADD = """
    INSERT INTO ops.notices AS held (user_id, about, channel, kind, partition, position, since, due_at)
    VALUES (%(user)s, %(about)s, %(channel)s, %(kind)s, %(partition)s, %(position)s, %(since)s, %(due)s)
    ON CONFLICT (user_id, about, channel) DO UPDATE SET
        kind = excluded.kind, position = excluded.position, partition = excluded.partition,
        since = CASE WHEN held.due_at IS NULL THEN excluded.since ELSE held.since END,
        due_at = CASE WHEN held.due_at IS NULL
            THEN greatest(excluded.due_at, held.told_at + make_interval(secs => %(again)s))
            ELSE held.due_at END,
        attempts = CASE WHEN held.due_at IS NULL THEN 0 ELSE held.attempts END,
        reached = '{}'
    WHERE held.position < excluded.position
"""
_STIR = """
    INSERT INTO ops.stirred_rooms AS held (room_id, partition, position, since, due_at)
    VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (room_id) DO UPDATE SET position = greatest(held.position, excluded.position)
"""
_STIRRED = """
    SELECT room_id, partition, position, since FROM ops.stirred_rooms WHERE due_at <= %s
    ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
"""
_CLAIM = """
    UPDATE ops.notices n SET due_at = %(now)s + make_interval(secs => %(lease)s), attempts = attempts + 1
    FROM (SELECT user_id, about, channel FROM ops.notices WHERE due_at <= %(now)s AND channel = ANY(%(channels)s)
          ORDER BY due_at LIMIT %(most)s FOR UPDATE SKIP LOCKED) AS due
    WHERE (n.user_id, n.about, n.channel) = (due.user_id, due.about, due.channel)
    RETURNING n.user_id, n.about, n.channel, n.kind, n.partition, n.position, n.since, n.attempts, n.reached,
        n.told, n.told_seq
"""
# Whatever joined the row meanwhile (its position is higher) stays to be told, soon.
_END = """
    UPDATE ops.notices SET due_at = CASE WHEN position = %(position)s THEN NULL ELSE %(next)s END,
        since = CASE WHEN position = %(position)s THEN since ELSE %(now)s END,
        attempts = 0, reached = '{}', told_at = CASE WHEN %(told)s THEN %(now)s ELSE told_at END,
        told = CASE WHEN %(told)s THEN %(position)s ELSE told END, told_seq = greatest(told_seq, %(seq)s)
    WHERE user_id = %(user)s AND about = %(about)s AND channel = %(channel)s
"""
# Released by an operator; unless a later event about the same waits already, which tells of this as well.
_AGAIN = """
    INSERT INTO ops.notices AS held (user_id, about, channel, kind, partition, position, since, due_at)
    VALUES (%(user)s, %(about)s, %(channel)s, %(kind)s, %(partition)s, %(position)s, %(now)s, %(now)s)
    ON CONFLICT (user_id, about, channel) DO UPDATE SET due_at = excluded.due_at, since = excluded.since, attempts = 0
    WHERE held.due_at IS NULL AND held.told < excluded.position
"""
_LATER = """
    UPDATE ops.notices SET due_at = %(due)s, attempts = %(attempts)s, reached = %(reached)s
    WHERE user_id = %(user)s AND about = %(about)s AND channel = %(channel)s
"""
_PARK = """
    INSERT INTO ops.parked (consumer, key, position, topic, partition, reason) VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (consumer, key, position) DO UPDATE SET reason = excluded.reason, again = false
"""
_ASKED = f"""
    DELETE FROM ops.parked WHERE consumer LIKE '{CONSUMER}:%' AND again
    RETURNING consumer, key, position, topic, partition
"""
# What waits for a channel that is not set up is due for ever.
_FORGET = """
    DELETE FROM ops.notices WHERE due_at < %(before)s
    OR due_at IS NULL AND since < %(before)s AND (told_at IS NULL OR told_at < %(before)s)
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice whose time has come; it is this process's until the lease ends."""

    user_id: UUID
    about: UUID
    channel: Channel
    kind: Kind
    partition: int
    position: int
    since: datetime
    attempts: int
    """This one included."""
    reached: list[UUID]
    """Browsers that have it already."""
    told: int
    told_seq: int


@dataclass(frozen=True, slots=True)
class Stirred:
    """A room in which something was said."""

    room_id: UUID
    partition: int
    position: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """A parked notice that an operator wants sent again."""

    channel: Channel
    user_id: UUID
    position: int
    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Found:
    """A tiding with its place in the log."""

    tiding: Tiding
    partition: int
    position: int
    since: datetime


async def add(connection: AsyncConnection[Any], found: Iterable[Found], pace: Pace) -> None:
    """Note what is to be told, in the caller's transaction."""
    rows = [
        {
            "user": one.tiding.user_id,
            "about": one.tiding.about,
            "channel": channel,
            "kind": one.tiding.kind,
            "partition": one.partition,
            "position": one.position,
            "since": one.since,
            "due": pace.first(one.tiding.kind, channel, one.since),
            "again": pace.again(one.tiding.kind, channel).total_seconds(),
        }
        for one in found
        for channel in CHANNELS
    ]
    if rows:
        async with connection.cursor() as cursor:
            await cursor.executemany(_ADD, rows)


async def stir(connection: AsyncConnection[Any], stirred: Iterable[Stirred], pace: Pace) -> None:
    """Note rooms in which something was said, in the caller's transaction."""
    rows = [(one.room_id, one.partition, one.position, one.since, one.since + pace.push) for one in stirred]
    if rows:
        async with connection.cursor() as cursor:
            await cursor.executemany(_STIR, rows)


class Queue:
    """What waits, behind `pool`."""

    def __init__(self, pool: Pool, pace: Pace, channels: Collection[Channel]) -> None:
        self._pool = pool
        self._pace = pace
        self._channels = list(channels)

    async def claim(self, now: datetime) -> list[Waiting]:
        """Notices whose time has come, now this process's."""
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(Waiting)) as cursor,
        ):
            values = {
                "now": now,
                "lease": self._pace.lease.total_seconds(),
                "most": MOST,
                "channels": self._channels,
            }
            await cursor.execute(_CLAIM, values)
            return await cursor.fetchall()

    async def end(self, one: Waiting, now: datetime, *, told: bool, seq: int = 0) -> None:
        """It was told, or is not worth telling any more."""
        again = now + self._pace.again(one.kind, one.channel) if told else now
        await self._write(
            _END, {**_key(one), "position": one.position, "told": told, "seq": seq, "now": now, "next": again}
        )

    async def later(
        self, one: Waiting, due: datetime, *, counted: bool, reached: Iterable[UUID] = ()
    ) -> None:
        """Try again at `due`; only a `counted` attempt leads to giving up."""
        attempts = one.attempts if counted else one.attempts - 1
        reached = [*one.reached, *reached]
        await self._write(_LATER, {**_key(one), "due": due, "attempts": attempts, "reached": reached})

    async def park(self, one: Waiting, now: datetime, reason: str) -> None:
        """Give it up, for an operator to see."""
        async with self._pool.connection() as connection, connection.transaction():
            who = (
                f"{CONSUMER}:{one.channel}",
                one.user_id,
                one.position,
                CONVERSATIONS,
                one.partition,
                reason,
            )
            await connection.execute(_PARK, who)
            values = {**_key(one), "position": one.position, "told": False, "seq": 0, "now": now, "next": now}
            await connection.execute(_END, values)

    async def pushed(self, one: Waiting) -> tuple[bool, bool]:
        """Of the same matter: whether the push reached a browser, and whether it still waits."""
        async with self._pool.connection() as connection:
            found = await connection.execute(
                "SELECT told >= %s, due_at IS NOT NULL FROM ops.notices"
                " WHERE user_id = %s AND about = %s AND channel = 'push'",
                (one.position, one.user_id, one.about),
            )
            row = await found.fetchone()
        return (False, False) if row is None else (row[0], row[1])

    async def forget(self, before: datetime) -> None:
        """Remove what was told, had nothing to tell, or should have been told, before `before`."""
        await self._write(_FORGET, {"before": before})

    async def _write(self, statement: str, values: Any) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(statement.encode(), values)


async def take_stirred(connection: AsyncConnection[Any], now: datetime) -> list[Stirred]:
    """Rooms whose time has come, held until the caller's transaction ends."""
    async with connection.cursor(row_factory=class_row(Stirred)) as cursor:
        await cursor.execute(_STIRRED, (now, MOST))
        return await cursor.fetchall()


async def settle_stirred(connection: AsyncConnection[Any], one: Stirred, again: datetime | None) -> None:
    """The room was looked at, or is to be at `again`."""
    if again is None:
        await connection.execute("DELETE FROM ops.stirred_rooms WHERE room_id = %s", (one.room_id,))
    else:
        await connection.execute(
            "UPDATE ops.stirred_rooms SET due_at = %s WHERE room_id = %s", (again, one.room_id)
        )


async def take_asked(connection: AsyncConnection[Any]) -> list[Asked]:
    """What an operator wants sent again, taken out of the parked ones in the caller's transaction."""
    asked: list[Asked] = []
    for consumer, key, position, topic, partition in await (await connection.execute(_ASKED)).fetchall():
        channel: Channel = "push" if consumer == f"{CONSUMER}:push" else "mail"
        asked.append(Asked(channel, key, position, topic, partition))
    return asked


async def again(
    connection: AsyncConnection[Any], found: Iterable[Found], channel: Channel, now: datetime
) -> None:
    """Have what was parked told now, in the caller's transaction."""
    for one in found:
        values = {
            "user": one.tiding.user_id,
            "about": one.tiding.about,
            "channel": channel,
            "kind": one.tiding.kind,
            "partition": one.partition,
            "position": one.position,
            "now": now,
        }
        await connection.execute(_AGAIN, values)


def _key(one: Waiting) -> dict[str, Any]:
    return {"user": one.user_id, "about": one.about, "channel": one.channel}
