"""Keys come back after a restore, and whoever was erased stays erased, however old the restored database is."""

import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from infra.key_backup import PutBack, back_up, restore

KEPT, ERASED, LATER = UUID(int=1), UUID(int=2), UUID(int=3)
AT = datetime(2026, 11, 24, tzinfo=UTC)
MONTH = timedelta(days=30)


def keys(url: str) -> dict[UUID, bytes]:
    with psycopg.connect(url) as connection:
        return dict(connection.execute("SELECT user_id, key FROM store.person_keys").fetchall())


def execute(url: str, statement: str, *parameters: object) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode(), parameters)


@pytest.fixture
def store(fresh_database: Callable[[], str]) -> str:
    url = fresh_database()
    for person in (KEPT, ERASED, LATER):
        execute(url, "INSERT INTO store.person_keys (user_id, key) VALUES (%s, %s)", person, person.bytes * 2)
    return url


def test_an_erasure_outlives_a_restore_from_before_it(store: str, tmp_path: Path) -> None:
    with psycopg.connect(store, autocommit=True) as connection:
        first = back_up(connection, tmp_path, AT, MONTH)
        assert stat.S_IMODE(first.stat().st_mode) == 0o600
        connection.execute("DELETE FROM store.person_keys WHERE user_id = %s", (ERASED,))
        connection.execute("INSERT INTO store.erased_persons VALUES (%s, now(), now())", (ERASED,))
        back_up(connection, tmp_path, AT + timedelta(days=1), MONTH)

        # The database of before the erasure, without its keys.
        connection.execute("TRUNCATE store.person_keys, store.erased_persons")
        connection.execute(
            "INSERT INTO store.credentials VALUES (%s, 'u', 'e@example.org', 'h', now())", (ERASED,)
        )
        assert restore(connection, tmp_path) == PutBack(restored=2, erased=1, without=0)
        row = connection.execute("SELECT cleared_at IS NULL FROM store.erased_persons").fetchone()
        assert row == (False,), "nothing can come of who is not in the log"
        found = connection.execute("SELECT FROM store.credentials")
        assert found.fetchall() == []
    assert keys(store) == {KEPT: KEPT.bytes * 2, LATER: LATER.bytes * 2}


def test_what_the_log_says_of_erasures_counts_too(store: str, tmp_path: Path) -> None:
    with psycopg.connect(store, autocommit=True) as connection:
        back_up(connection, tmp_path, AT, MONTH)
        connection.execute(
            "INSERT INTO store.stored_events VALUES (%s, 2, 'yeon.account.erased.v1', '', 9)", (LATER,)
        )
        assert restore(connection, tmp_path) == PutBack(restored=0, erased=1, without=0)
        row = connection.execute("SELECT cleared_at FROM store.erased_persons").fetchone()
        assert row == (None,)
    assert set(keys(store)) == {KEPT, ERASED}


def test_old_backups_go_and_with_them_the_last_copy_of_a_key(store: str, tmp_path: Path) -> None:
    with psycopg.connect(store, autocommit=True) as connection:
        old = back_up(connection, tmp_path, AT, MONTH)
        back_up(connection, tmp_path, AT + MONTH, MONTH)
        assert old.exists()
        back_up(connection, tmp_path, AT + MONTH + timedelta(seconds=1), MONTH)
        assert not old.exists()
        assert len(list(tmp_path.iterdir())) == 2
