"""The event store on `eventsourcing`: the library's recorder with an advisory lock and positions without gaps.

Insert order is commit order, as in the library, but under an advisory transaction lock in place of its table lock,
which collides with autovacuum. Positions come from `store.log_head` in the same statement as the insert.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder
from eventsourcing.utils import strtobool
from psycopg import Cursor
from psycopg.sql import SQL, Composed, Identifier

from commands.arrays import Bigints, Byteas, Column, Texts, Uuids
from commands.connection import WriterDatastore
from infra.log import CHANNEL

APPEND_LOCK = 0x7965_6F6E_0002
"""The advisory lock that makes any number of processes one writer."""

_INSERT = SQL("""
    WITH head AS (
        UPDATE store.log_head SET position = position + cardinality(%(ids)b::uuid[])
        RETURNING position - cardinality(%(ids)b::uuid[]) AS before
    )
    INSERT INTO store.stored_events (originator_id, originator_version, topic, state, notification_id)
    SELECT e.id, e.version, e.topic, e.state, head.before + e.number
    FROM head, unnest(%(ids)b::uuid[], %(versions)b::bigint[], %(topics)b::text[], %(states)b::bytea[])
        WITH ORDINALITY AS e (id, version, topic, state, number)
    RETURNING notification_id
""")
_KEEP_SNAPSHOTS = """
    WITH older AS (DELETE FROM store.snapshots WHERE originator_id = ANY(%(ids)b::uuid[]))
    INSERT INTO store.snapshots
    SELECT * FROM unnest(%(ids)b::uuid[], %(versions)b::bigint[], %(topics)b::text[], %(states)b::bytea[])
"""
_STREAMS = """
    SELECT s.originator_id, s.originator_version, s.topic, s.state
    FROM store.snapshots s WHERE s.originator_id = ANY(%(ids)b::uuid[])
    UNION ALL
    SELECT e.originator_id, e.originator_version, e.topic, e.state
    FROM unnest(%(ids)b::uuid[]) AS wanted (id)
    LEFT JOIN store.snapshots s ON s.originator_id = wanted.id
    CROSS JOIN LATERAL (
        SELECT * FROM store.stored_events e
        WHERE e.originator_id = wanted.id AND e.originator_version > COALESCE(s.originator_version, 0)
        OFFSET 0
    ) e
    ORDER BY 1, 2
"""
_SINCE = """
    SELECT originator_id, originator_version, topic, state FROM store.stored_events
    WHERE notification_id > %(after)b AND notification_id <= %(upto)b ORDER BY notification_id
"""
_ONE = """
    SELECT originator_id, originator_version, topic, state FROM store.stored_events
    WHERE originator_id = %b AND originator_version = %b
"""

Rows = Cursor[Any]
"""A cursor that gives tuples."""


class UnorderedInserts(ValueError):
    """The library was told to insert by its database function, which takes no lock: readers would miss events."""

    def __init__(self) -> None:
        super().__init__("POSTGRES_ENABLE_DB_FUNCTIONS is forbidden: its inserts become visible out of order")


class EventRecorder(PostgresApplicationRecorder):
    """The library's recorder over `store.stored_events`. Also its own `insert_events` keeps lock and positions."""

    def __init__(self, datastore: WriterDatastore, environment: Mapping[str, str] | None = None) -> None:
        wanted = (os.environ if environment is None else environment).get("POSTGRES_ENABLE_DB_FUNCTIONS")
        if datastore.enable_db_functions or strtobool(wanted or "no"):
            raise UnorderedInserts
        super().__init__(datastore, events_table_name=CHANNEL)
        self.lock_table_statements = [SQL("SELECT pg_advisory_xact_lock({})").format(APPEND_LOCK)]

    def create_table(self) -> None:
        """The tables are made by `infra.postgres.prepare`, like everything precious."""

    def begin(self, cursor: Rows) -> None:
        """Begin a transaction and become the one writer until it ends, in one exchange with the server."""
        _simply(cursor, SQL("BEGIN; SELECT pg_advisory_xact_lock({})").format(APPEND_LOCK))

    def append(self, cursor: Rows, stored_events: Sequence[StoredEvent]) -> None:
        """Inside a transaction that was begun: insert."""
        cursor.execute(_INSERT, columns(stored_events), prepare=True)

    def commit(self, cursor: Rows) -> None:
        """Wake who listens, and commit."""
        _simply(cursor, SQL("NOTIFY {}; COMMIT").format(Identifier(self.channel_name)))

    def keep_snapshots(self, cursor: Rows, snapshots: Sequence[StoredEvent]) -> None:
        """Replace the snapshots of these aggregates."""
        cursor.execute(_KEEP_SNAPSHOTS, columns(snapshots), prepare=True)

    def streams(self, cursor: Rows, ids: Sequence[UUID]) -> list[StoredEvent]:
        """What is needed to make these aggregates: a snapshot if there is one, and the events after it."""
        cursor.execute(_STREAMS, {"ids": Uuids(ids)}, prepare=True)
        return [StoredEvent(*row) for row in cursor.fetchall()]

    def since(self, cursor: Rows, after: int, upto: int) -> list[StoredEvent]:
        """What was appended in this range of positions."""
        cursor.execute(_SINCE, {"after": after, "upto": upto}, prepare=True)
        return [StoredEvent(*row) for row in cursor.fetchall()]

    def one(self, cursor: Rows, stream_id: UUID, version: int) -> StoredEvent | None:
        """One event by its place in its stream."""
        cursor.execute(_ONE, (stream_id, version), prepare=True)
        row = cursor.fetchone()
        return StoredEvent(*row) if row else None

    def _insert_stored_events(
        self, curs: Cursor[Any], stored_events: Sequence[StoredEvent], **_: Any
    ) -> None:
        self._lock_table(curs)
        self._notify_channel(curs)
        self.append(curs, stored_events)


def _simply(cursor: Rows, statements: Composed) -> None:
    """Several statements in one exchange, which only the simple protocol allows: text, and never prepared."""
    with cursor.connection.cursor() as simple:
        simple.execute(statements, prepare=False)


def columns(stored_events: Sequence[StoredEvent]) -> dict[str, Column]:
    """The parameters `ids`, `versions`, `topics` and `states`."""
    return {
        "ids": Uuids([cast(UUID, event.originator_id) for event in stored_events]),
        "versions": Bigints([event.originator_version for event in stored_events]),
        "topics": Texts([event.topic for event in stored_events]),
        "states": Byteas([event.state for event in stored_events]),
    }
