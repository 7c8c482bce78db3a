"""Fills an empty event store by the hundred thousand: the same handlers, aggregates and mapper, one writer, COPY.

Decides commands one after the other in memory, in the order given, and writes their events in large transactions. For
logs that are made up: outcomes of commands are not kept, so a command must not be sent twice.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from commands.desk import Desk
from commands.event_mapper import CatalogueMapper
from commands.handlers import HANDLING, meta_of
from commands.inbox import numbered
from commands.rules import Rules
from commands.sourced import Sourced
from commands.store import APPEND_LOCK
from schemas.base import EventData
from schemas.commands import Command
from schemas.envelope import Context, Event
from schemas.personal import owners_of

FLUSH = 20_000
"""Events written in one transaction."""
_EVENTS = (
    "COPY store.stored_events (originator_id, originator_version, topic, state, notification_id)"
    " FROM STDIN (FORMAT BINARY)"
)
_KEYS = "COPY store.person_keys (user_id, key) FROM STDIN (FORMAT BINARY)"
_CREDENTIALS = (
    "COPY store.credentials (user_id, username, email, password_hash, created_at) FROM STDIN (FORMAT BINARY)"
)
_INBOX = """
    INSERT INTO store.inbox_heads (user_id, inbox_seq) SELECT * FROM unnest(%s::uuid[], %s::bigint[])
    ON CONFLICT (user_id) DO UPDATE SET inbox_seq = excluded.inbox_seq
"""


class StoreNotEmpty(Exception):
    """The store holds events, or somebody else appends; the message is a sentence for a person."""


class Bulk:
    """The one writer of an empty store, in a `with` block."""

    def __init__(self, url: str, rules: Rules) -> None:
        self._connection = psycopg.connect(url, application_name="yeon-bulk")
        self._rules = rules
        self._source = _Memory()
        self._keys: dict[UUID, bytes] = {}
        self._fresh_keys: list[UUID] = []
        self._inbox: dict[UUID, int] = defaultdict(int)
        self._told: set[UUID] = set()
        self._mapper = CatalogueMapper(self._keys.get)
        self._rows: list[tuple[UUID, int, str, bytes, int]] = []
        self._written = 0
        self.position = 0
        """Of the last event."""

    def __enter__(self) -> "Bulk":
        try:
            self._check()
            self._connection.rollback()  # lets go of the lock
        except BaseException:
            self._connection.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._flush()
        finally:
            self._connection.close()

    def execute(self, command: Command, context: Context) -> list[Event]:
        """The events of `command`. Raises `schemas.port.Refused` if a rule forbids it."""
        desk = Desk(self._source, self._rules)
        handling = HANDLING[type(command)]
        handling.decide(desk, command, meta_of(context))
        said = [numbered(event, self._inbox) for event in desk.gather()]
        self._source.keep(desk.changed)
        found = [self._append(event) for event in said]
        if len(self._rows) >= FLUSH:
            self._flush()
        return found

    def forget(self, ids: Iterable[UUID]) -> None:
        """These aggregates are not needed again."""
        self._source.forget(ids)

    def _append(self, said: Sourced.Event) -> Event:
        for owner in owners_of(said.data):
            if owner not in self._keys:
                self._keys[owner] = AESGCM.generate_key(256)
                self._fresh_keys.append(owner)
        self._told.update(told.user_id for told in getattr(said.data, "told", ()))
        self.position += 1
        stored = self._mapper.to_stored_event(said)
        stream = said.originator_id
        version = said.originator_version
        self._rows.append((stream, version, stored.topic, stored.state, self.position))
        return Event(self.position, stream, version, said.data, said.meta)

    def _check(self) -> None:
        self._connection.execute("SELECT pg_advisory_xact_lock(%s)", (APPEND_LOCK,))
        row = self._connection.execute("SELECT position FROM store.log_head").fetchone()
        if row is None or row[0] != self._written:
            there = row[0] if row else "no"
            raise StoreNotEmpty(
                f"The event store holds {there} events already: a made-up log goes into an empty one only, "
                "for example that of another YEON_DATA_DIR."
            )

    def _flush(self) -> None:
        with self._connection.transaction():
            self._check()
            keys = [(user, self._keys[user]) for user in self._fresh_keys]
            self._copy(_KEYS, ("uuid", "bytea"), keys)
            self._copy(_EVENTS, ("uuid", "int8", "text", "bytea", "int8"), self._rows)
            claims = self._source.take_claims()
            self._copy(_CREDENTIALS, ("uuid", "text", "text", "text", "timestamptz"), claims)
            told = list(self._told)
            self._connection.execute(_INBOX, (told, [self._inbox[user] for user in told]))
            self._connection.execute("UPDATE store.log_head SET position = %s", (self.position,))
        self._connection.commit()
        self._written = self.position
        self._rows.clear()
        self._fresh_keys.clear()
        self._told.clear()

    def _copy(self, statement: str, types: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)


class _Memory:
    """The `Source` of a desk: the aggregates of this writer, which made them all."""

    def __init__(self) -> None:
        self._aggregates: dict[UUID, Sourced] = {}
        self._taken: set[str] = set()
        self._claims: list[tuple[UUID, str, str, str, datetime]] = []

    def load(self, ids: Sequence[UUID]) -> Mapping[UUID, Sourced]:
        return {id_: found for id_ in ids if (found := self._aggregates.get(id_)) is not None}

    def keep(self, aggregates: Iterable[Sourced]) -> None:
        for aggregate in aggregates:
            self._aggregates[aggregate.id] = aggregate

    def forget(self, ids: Iterable[UUID]) -> None:
        for id_ in ids:
            self._aggregates.pop(id_, None)

    def event(self, stream_id: UUID, version: int) -> EventData | None:
        """Nothing is read back: messages are not taken back in a made-up log."""
        return None

    def claim(self, user_id: UUID, username: str, email: str, password_hash: str, at: datetime) -> str | None:
        for name, value in (("username", username), ("email", email)):
            if value in self._taken:
                return name
        self._taken |= {username, email}
        self._claims.append((user_id, username, email, password_hash, at))
        return None

    def change_email(self, user_id: UUID, email: str) -> bool:
        """Nobody changes theirs."""
        return False

    def erase(self, user_id: UUID, at: datetime) -> None:
        """Nobody is erased."""

    def take_claims(self) -> list[tuple[UUID, str, str, str, datetime]]:
        claims, self._claims = self._claims, []
        return claims
