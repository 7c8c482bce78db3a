"""The event store as analysts read it: over one read-only connection, in pages, so that memory stays flat."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import psycopg
from psycopg.rows import tuple_row

from infra.keys import Keyring, KeyUnread
from infra.log import Row
from schemas.envelope import Event
from schemas.mapper import from_stored, owners_in, unreadable
from streams.log.filters import Wanted

PAGE = 2_000
"""Events held at once."""
_COLUMNS = "notification_id, originator_id, originator_version, topic, state"
_SPOILT = (ValueError, KeyError, TypeError, AttributeError)
"""What reading an event raises when its bytes are to blame."""
_COUNTS = """
    SELECT topic, count(*), min(notification_id), max(notification_id), sum(length(state))
    FROM store.stored_events WHERE {} GROUP BY topic ORDER BY topic
"""


class NoStore(Exception):
    """The event store is not there; the message is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many events of a type there are, where the first and last stand, and the bytes of their states."""

    type: str
    count: int
    first: int
    last: int
    bytes: int


@contextmanager
def store(url: str) -> Iterator["Store"]:
    """The store at `url`, read-only. Raises `NoStore` if it does not answer, also in the middle."""
    if not url:
        raise NoStore("There is no PostgreSQL: start `yeon up`, or set YEON_POSTGRES_URL.")
    try:
        with psycopg.connect(
            url,
            autocommit=True,
            row_factory=tuple_row,
            connect_timeout=5,
            application_name="yeon-log",
            options="-c default_transaction_read_only=on",
        ) as connection:
            yield Store(connection)
    except psycopg.errors.UndefinedTable as error:
        raise NoStore("That PostgreSQL has no event log yet: run `yeon prepare`, or `yeon up`.") from error
    except psycopg.OperationalError as error:
        raise NoStore(f"PostgreSQL does not answer: {str(error).strip()}") from error


class Store:
    """Events in position order."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._keys = Keyring()

    def head(self) -> int:
        """The position of the last event, 0 for none."""
        row = self._connection.execute("SELECT position FROM store.log_head").fetchone()
        return int(row[0]) if row else 0

    def published(self) -> int:
        """The position up to which every event is on its topic, acknowledged; 0 if no relay was here yet."""
        row = self._connection.execute("SELECT position FROM ops.relay_head").fetchone()
        return int(row[0]) if row else 0

    def events(self, wanted: Wanted, *, page: int = PAGE) -> Iterator[Event]:
        """The wanted events, unsealed where the keys are there, from the first."""
        for rows in self.pages(wanted, page=page):
            yield from self._unsealed(rows)

    def last(self, wanted: Wanted, count: int) -> list[Event]:
        """The last `count` of the wanted events, in order."""
        condition, values = wanted.conditions()
        rows = self._rows(
            f"SELECT {_COLUMNS} FROM store.stored_events WHERE {condition}"
            " ORDER BY notification_id DESC LIMIT %(count)s",
            {**values, "count": count},
        )
        return self._unsealed(rows[::-1])

    def pages(self, wanted: Wanted, *, page: int = PAGE) -> Iterator[list[Row]]:
        """The rows of the wanted events as they are stored, sealed, `page` positions or rows at a time."""
        condition, values = wanted.conditions()
        query = (
            f"SELECT {_COLUMNS} FROM store.stored_events WHERE {condition}"
            " ORDER BY notification_id LIMIT %(page)s"
        )
        values["page"] = page
        while rows := self._rows(query, values):
            yield rows
            if len(rows) < page:
                return
            values["since"] = rows[-1][0] + 1

    def counts(self, wanted: Wanted) -> list[Counts]:
        """The counts of the wanted events by type."""
        condition, values = wanted.conditions()
        return [
            Counts(*row) for row in self._connection.execute(_COUNTS.format(condition), values).fetchall()
        ]

    def time_of(self, position: int) -> datetime | None:
        """When the event at `position` happened, `None` if there is none."""
        rows = self._rows(
            f"SELECT {_COLUMNS} FROM store.stored_events WHERE notification_id = %(position)s",
            {"position": position},
        )
        return _at(rows[0]) if rows else None

    def position_at(self, moment: datetime) -> int:
        """The position of the last event at or before `moment`, 0 if there is none.

        Found by halving, since times rise with positions but for the differences between the clocks of gateways;
        those are made up for by looking `PAGE` positions on.
        """
        low, high = 0, self.head()
        while low < high:
            middle = (low + high + 1) // 2
            at = self.time_of(middle)
            low, high = (middle, high) if at is None or at <= moment else (low, middle - 1)
        near = next(self.pages(Wanted(since=low + 1, until=low + PAGE)), [])
        return max((row[0] for row in near if _at(row) <= moment), default=low)

    def first_after(self, moment: datetime) -> int:
        """The position after the last event before `moment`."""
        return self.position_at(moment - timedelta(microseconds=1)) + 1

    def read_keys(self, owners: Sequence[UUID]) -> Keyring:
        """The keyring, with the keys of `owners` read."""
        self._keys.read_now(self._connection, owners)
        return self._keys

    def _rows(self, query: str, values: dict[str, Any]) -> list[Row]:
        with self._connection.cursor(binary=True) as cursor:
            return cursor.execute(query, values).fetchall()

    def _unsealed(self, rows: Sequence[Row]) -> list[Event]:
        try:
            return [self._event(row) for row in rows]
        except KeyUnread:
            self._keys.read_now(self._connection, owners_in(row[4] for row in rows))
            return [self._event(row) for row in rows]

    def _event(self, row: Row) -> Event:
        try:
            return from_stored(*row, self._keys.of)
        except _SPOILT as error:
            return unreadable(*row, error)


def _at(row: Row) -> datetime:
    return datetime.fromisoformat(orjson.loads(row[4])["at"])
