"""Reading the event store: events in position order, unsealed with the keys of the persons in them.

Used by the relay, by fills, rebuilds and the matcher. What is returned is committed, and nothing is left out: an event
that cannot be read comes as `Unreadable` in its place.
"""

import logging
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from infra.keys import Keyring, KeyUnread
from schemas.envelope import Event
from schemas.events.unreadable import FAMILIES, family_of
from schemas.mapper import from_stored, owners_in, place_of, unreadable
from schemas.topics import TOPICS, partition_of

log = logging.getLogger(__name__)

CHANNEL = "stored_events"
"""Every append ends with a NOTIFY here. It is a hint: whoever follows the log polls as well."""

PAGE = 2_000
"""Positions looked at in one query by a fill."""

_COLUMNS = "notification_id, originator_id, originator_version, topic, state"
_TYPES = {name: [f"{family}%" for family, topic in FAMILIES.items() if topic == name] for name in TOPICS}
"""By topic, patterns of the types in it; types that this program does not know are among them."""
_SPOILT = (ValueError, KeyError, TypeError, AttributeError)
"""What reading the state of an event raises when the state is to blame."""

Row = tuple[int, UUID, int, str, bytes]
"""A row of `store.stored_events`: position, stream, version, type and state."""


class Place(NamedTuple):
    """An event by its place in the log and on Kafka, and its id."""

    position: int
    topic: str
    partition: int
    event_id: str


class EventLog:
    """The log behind `pool`. Events that share a keyring read each person's key once."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection], keys: Keyring | None = None) -> None:
        self._pool = pool
        self._keys = keys or Keyring()

    async def head(self) -> int:
        """The position of the last event, 0 for none."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute("SELECT position FROM store.log_head")
            row = await cursor.fetchone()
        return row[0] if row else 0

    async def read(self, after: int, limit: int, upto: int | None = None) -> list[Event]:
        """At most `limit` events with `after < position` (and `<= upto`), in order."""
        return await self._events(
            f"SELECT {_COLUMNS} FROM store.stored_events WHERE notification_id > %s"
            " AND notification_id <= %s ORDER BY notification_id LIMIT %s",
            (after, 2**62 if upto is None else upto, limit),
        )

    async def read_partition(self, topic: str, partition: int, after: int, upto: int) -> list[Event]:
        """The events of one partition with `after < position <= upto`, in order. Only these are unsealed."""
        found: list[Event] = []
        for start in range(after, upto, PAGE):
            async with self._pool.connection() as connection:
                rows = await _rows(
                    connection,
                    f"SELECT {_COLUMNS} FROM store.stored_events WHERE notification_id > %s"
                    " AND notification_id <= %s AND topic LIKE ANY(%s) ORDER BY notification_id",
                    (start, min(start + PAGE, upto), _TYPES[topic]),
                )
                mine = [r for r in rows if partition_of(topic, place_of(topic, r[1], r[4])) == partition]
                found += await self._unsealed(connection, mine)
        return found

    async def places(self, after: int, upto: int) -> list[Place]:
        """Where the events with `after < position <= upto` belong, in order; nothing is unsealed."""
        async with self._pool.connection() as connection:
            rows = await _rows(
                connection,
                f"SELECT {_COLUMNS} FROM store.stored_events WHERE notification_id > %s"
                " AND notification_id <= %s ORDER BY notification_id",
                (after, upto),
            )
        return [_place(row) for row in rows]

    async def last_positions(self, topic: str, after: int, upto: int) -> dict[int, int]:
        """The last position of each partition of `topic` with an event with `after < position <= upto`."""
        async with self._pool.connection() as connection:
            rows = await _rows(
                connection,
                f"SELECT {_COLUMNS} FROM store.stored_events WHERE notification_id > %s"
                " AND notification_id <= %s AND topic LIKE ANY(%s) ORDER BY notification_id",
                (after, upto, _TYPES[topic]),
            )
        return {partition_of(topic, place_of(topic, row[1], row[4])): row[0] for row in rows}

    async def at(self, positions: Sequence[int]) -> list[Event]:
        """The events at these positions, as far as there are any, in order."""
        return await self._events(
            f"SELECT {_COLUMNS} FROM store.stored_events WHERE notification_id = ANY(%s)"
            " ORDER BY notification_id",
            (list(positions),),
        )

    async def of_stream(self, stream_id: UUID, types: Sequence[str]) -> list[Event]:
        """The events of one stream that are of `types`, in order."""
        return await self._events(
            f"SELECT {_COLUMNS} FROM store.stored_events WHERE originator_id = %s AND topic = ANY(%s)"
            " ORDER BY originator_version",
            (stream_id, list(types)),
        )

    async def of_types(self, types: Sequence[str], after: int, upto: int) -> list[Event]:
        """The events of `types` with `after < position <= upto`, in order. Only these are unsealed."""
        return await self._events(
            f"SELECT {_COLUMNS} FROM store.stored_events WHERE notification_id > %s"
            " AND notification_id <= %s AND topic = ANY(%s) ORDER BY notification_id",
            (after, upto, list(types)),
        )

    async def stream(self, stream_id: UUID, after: int = 0) -> list[Event]:
        """The events of one stream with `after < version`, in order."""
        return await self._events(
            f"SELECT {_COLUMNS} FROM store.stored_events WHERE originator_id = %s"
            " AND originator_version > %s ORDER BY originator_version",
            (stream_id, after),
        )

    async def forgotten(self, user_ids: Collection[UUID]) -> set[UUID]:
        """Those of `user_ids` who are erased, whatever keys are still held here."""
        async with self._pool.connection() as connection:
            found = await connection.execute(
                "SELECT user_id FROM store.erased_persons WHERE user_id = ANY(%s)", (list(user_ids),)
            )
            return {user_id for (user_id,) in await found.fetchall()}

    async def one(self, stream_id: UUID, version: int) -> Event | None:
        """One event by its place in its stream."""
        events = await self._events(
            f"SELECT {_COLUMNS} FROM store.stored_events WHERE originator_id = %s AND originator_version = %s",
            (stream_id, version),
        )
        return events[0] if events else None

    async def version(self, stream_id: UUID) -> int:
        """The version of the last event of a stream, 0 if there is none."""
        async with self._pool.connection() as connection:
            found = await connection.execute(
                "SELECT max(originator_version) FROM store.stored_events WHERE originator_id = %s",
                (stream_id,),
            )
            row = await found.fetchone()
        return (row and row[0]) or 0

    async def _events(self, query: str, parameters: Sequence[Any]) -> list[Event]:
        async with self._pool.connection() as connection:
            return await self._unsealed(connection, await _rows(connection, query, parameters))

    async def _unsealed(self, connection: AsyncConnection, rows: Sequence[Row]) -> list[Event]:
        try:
            return [self._event(row) for row in rows]
        except KeyUnread:
            await self._keys.read(connection, owners_in(row[4] for row in rows))
            return [self._event(row) for row in rows]

    def _event(self, row: Row) -> Event:
        try:
            return from_stored(*row, self._keys.of)
        except _SPOILT as error:
            log.error("the event at position %d cannot be read: %s", row[0], error)
            return unreadable(*row, error)


async def _rows(connection: AsyncConnection, query: str, parameters: Sequence[Any]) -> list[Row]:
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(query, parameters)
        return await cursor.fetchall()


def _place(row: Row) -> Place:
    position, stream, version, type_name, state = row
    topic = FAMILIES[family_of(type_name)]
    return Place(position, topic, partition_of(topic, place_of(topic, stream, state)), f"{stream}:{version}")
