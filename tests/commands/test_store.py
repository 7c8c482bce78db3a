"""The library's recorder as we use it: ordered inserts only, and positions without gaps by either way in."""

import threading
from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent
from psycopg.rows import tuple_row

from commands.connection import WriterDatastore
from commands.store import APPEND_LOCK, EventRecorder, UnorderedInserts
from tests.commands.writing import rows


@pytest.fixture
def datastore(store: str) -> Iterator[WriterDatastore]:
    opened = WriterDatastore(store)
    yield opened
    opened.reset()


def events(count: int, stream: UUID | None = None, first: int = 1) -> list[StoredEvent]:
    stream = stream or uuid4()
    return [StoredEvent(stream, first + i, "test", b"state") for i in range(count)]


def test_the_library_inserting_by_its_database_function_is_forbidden(store: str) -> None:
    with pytest.raises(UnorderedInserts):
        EventRecorder(WriterDatastore(store, enable_db_functions=True))
    with pytest.raises(UnorderedInserts):
        EventRecorder(WriterDatastore(store), {"POSTGRES_ENABLE_DB_FUNCTIONS": "y"})
    EventRecorder(WriterDatastore(store), {"POSTGRES_ENABLE_DB_FUNCTIONS": "n"})


def test_no_database_function_is_made(datastore: WriterDatastore, store: str) -> None:
    EventRecorder(datastore).create_table()
    assert rows(store, "SELECT proname FROM pg_proc WHERE proname LIKE 'es_insert%%'") == []


def test_the_librarys_own_insert_numbers_from_the_head(datastore: WriterDatastore, store: str) -> None:
    recorder = EventRecorder(datastore)
    assert recorder.insert_events(events(3)) == [1, 2, 3]
    with datastore.cursor() as cursor:
        recorder.begin(cursor)
        recorder.append(cursor, events(2))
        recorder.commit(cursor)
    assert recorder.insert_events(events(1)) == [6]
    assert recorder.max_notification_id() == 6
    assert [n.id for n in recorder.select_notifications(2, 3)] == [2, 3, 4]
    assert rows(store, "SELECT position FROM store.log_head") == [(6,)]


def test_a_conflicting_version_takes_no_position(datastore: WriterDatastore, store: str) -> None:
    recorder, stream = EventRecorder(datastore), uuid4()
    recorder.insert_events(events(2, stream))
    with pytest.raises(IntegrityError):
        recorder.insert_events(events(1, stream, first=2))
    assert recorder.insert_events(events(1, stream, first=3)) == [3]


def test_writers_wait_for_the_advisory_lock_and_readers_do_not(
    datastore: WriterDatastore, store: str
) -> None:
    recorder = EventRecorder(datastore)
    recorder.insert_events(events(1))
    with psycopg.connect(store) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (APPEND_LOCK,))
        inserted: list[int] = []
        thread = threading.Thread(target=lambda: inserted.extend(recorder.insert_events(events(1)) or []))
        thread.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while rows(store, waiting) == [(0,)]:
            assert thread.is_alive()
        assert inserted == []
        assert rows(store, "SELECT count(*) FROM store.stored_events") == [(1,)]
    thread.join(10)
    assert inserted == [2]


def test_an_append_wakes_who_listens(datastore: WriterDatastore, store: str) -> None:
    with psycopg.connect(store, autocommit=True) as listener:
        listener.execute("LISTEN stored_events")
        EventRecorder(datastore).insert_events(events(1))
        heard = list(listener.notifies(timeout=10, stop_after=1))
    assert [notice.channel for notice in heard] == ["stored_events"]


def test_a_stream_is_read_from_its_newest_snapshot(datastore: WriterDatastore) -> None:
    recorder, stream, other = EventRecorder(datastore), uuid4(), uuid4()
    recorder.insert_events([*events(5, stream), *events(2, other)])
    with datastore.get_connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
        for version in (2, 4):
            recorder.keep_snapshots(cursor, [StoredEvent(stream, version, "snapshot", b"kept")])
        found = recorder.streams(cursor, [stream, uuid4(), other])
        since = recorder.since(cursor, 4, 6)
        one = recorder.one(cursor, stream, 3)
    versions = {
        id_: [e.originator_version for e in found if e.originator_id == id_] for id_ in (stream, other)
    }
    assert versions == {stream: [4, 5], other: [1, 2]}
    assert [event.topic for event in found if event.originator_id == stream] == ["snapshot", "test"]
    assert [(event.originator_id, event.originator_version) for event in since] == [(stream, 5), (other, 1)]
    assert one == StoredEvent(stream, 3, "test", b"state")
