"""Given a log, when the views are asked for as of a moment, then they are as they stood then, and the live ones as they
were."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from infra.postgres import pool as connect
from projections.catalogue import VIEWS
from projections.prepare import prepare
from projections.rebuild import rebuild
from projections.tables import TABLES
from schemas.envelope import Event
from tests.projections.history import History
from tests.streams.log.conftest import Yeon


class Told:
    """What a rebuild reads: the events up to a position."""

    def __init__(self, events: list[Event]) -> None:
        self._events = events

    async def read(self, after: int, limit: int, upto: int | None = None) -> list[Event]:
        return self._events[after : after + limit]


def rows_of(path: Path, table: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as duck:
        duck.execute("SET TimeZone = 'UTC'")
        columns = ", ".join(f'"{name}"::VARCHAR' for name in TABLES[table].columns)
        return duck.execute(f'SELECT {columns} FROM "{table}" ORDER BY ALL').fetchall()


async def test_each_view_is_what_a_rebuild_of_those_events_makes(
    yeon_log: Yeon, told: History, fresh_database: Any, tmp_path: Path
) -> None:
    import asyncio

    result = await asyncio.to_thread(yeon_log, "as-of", 90, "--out", tmp_path / "then.duckdb")
    assert result.exit_code == 0, result.output

    async with connect(fresh_database(), "test") as pool:
        await prepare(pool)
        await rebuild(pool, Told(told.events[:90]), list(VIEWS.values()))
        async with pool.connection() as connection:
            for table in TABLES.values():
                cursor = await connection.execute(f"SELECT * FROM views.{table.name}")
                count = len(await cursor.fetchall())
                assert len(rows_of(tmp_path / "then.duckdb", table.name)) == count, table.name
            cursor = await connection.execute(
                "SELECT question_id::text, status, round::text, version::text FROM views.questions ORDER BY 1"
            )
            live = await cursor.fetchall()
    with duckdb.connect(str(tmp_path / "then.duckdb"), read_only=True) as duck:
        found = duck.execute(
            "SELECT question_id::VARCHAR, status, round::VARCHAR, version::VARCHAR FROM questions ORDER BY 1"
        ).fetchall()
    assert found == live


def test_the_same_position_has_the_same_contents(yeon_log: Yeon, tmp_path: Path) -> None:
    first, again = tmp_path / "first.duckdb", tmp_path / "again.duckdb"

    told = [
        yeon_log("as-of", position, "--out", path).output for position, path in ((80, first), (80, again))
    ]
    other = yeon_log("as-of", 81, "--out", tmp_path / "other.duckdb").output

    for table in TABLES:
        assert rows_of(first, table) == rows_of(again, table)
    digests = [output.split()[-1] for output in (*told, other)]
    assert digests[0] == digests[1] != digests[2]
    with duckdb.connect(str(first), read_only=True) as duck:
        assert duck.execute("SELECT position, sha256 FROM as_of").fetchall() == [(80, digests[0])]


def test_a_time_names_the_last_event_before_it(yeon_log: Yeon, tmp_path: Path) -> None:
    result = yeon_log("as-of", "2026-03-01T09:00:30.5Z", "--out", tmp_path / "then.duckdb")

    assert "as of position 30" in result.output


def test_the_live_views_are_not_touched(yeon_log: Yeon, store_url: str, tmp_path: Path) -> None:
    import psycopg

    yeon_log("as-of", 50, "--out", tmp_path / "then.duckdb")

    with psycopg.connect(store_url) as connection:
        row = connection.execute("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'views%'").fetchone()
    assert row == (0,)


def test_diff_tells_what_was_added_and_changed(yeon_log: Yeon, told: History, tmp_path: Path) -> None:
    last = len(told.events)

    counts = json.loads(yeon_log("diff", last - 1, last, "--json").output)
    yeon_log("as-of", last, "--out", tmp_path / "last.duckdb")
    changes = yeon_log("diff", last - 1, tmp_path / "last.duckdb", "--table", "room_items", "--json").output

    assert told.events[-1].type == "yeon.room.message_posted.v1"
    assert counts["room_items"] == {"added": 1, "removed": 0, "changed": 0}
    assert counts["rooms"] == {"added": 0, "removed": 0, "changed": 1}
    assert counts["people"] == {"added": 0, "removed": 0, "changed": 0}
    (change,) = [json.loads(line) for line in changes.splitlines()]
    assert change["kind"] == "added"
    assert change["after"]["content"] == "더 궁금한 것이 있나요?"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["as-of", "999999"], "The log ends at position"),
        (["diff", "1", "2", "--table", "nonsense"], "there is no table 'nonsense'"),
    ],
)
def test_what_is_not_there_is_said_so(yeon_log: Yeon, arguments: list[str], says: str) -> None:
    result = yeon_log(*arguments)

    assert result.exit_code != 0
    assert says in result.output
