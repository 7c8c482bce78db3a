"""Given a log, when the views are asked for as of a moment, then they are as they stood then, and the live ones as they
were."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from infra.postgres import pool as connect
from projections.catalogue import VIEWS
from projections.prepare import prepare
from projections.rebuild import rebuild
from projections.tables import TABLES
from schemas.envelope import Event
from streams.log.asof.build import build
from streams.log.store import store
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


@pytest.fixture(scope="module")
def moments(
    store_url: str, told: History, tmp_path_factory: pytest.TempPathFactory
) -> dict[int, tuple[Path, str]]:
    """Files of some positions, and the hashes of their contents."""
    directory = tmp_path_factory.mktemp("moments")
    last = len(told.events)
    wanted = [(position, directory / f"{position}.duckdb") for position in (30, 31, 90, last - 1, last)]
    with store(store_url) as log:
        digests = asyncio.run(build(log, wanted))
    return {position: (path, digest) for (position, path), digest in zip(wanted, digests, strict=True)}


async def test_each_view_is_what_a_rebuild_of_those_events_makes(
    moments: dict[int, tuple[Path, str]], told: History, fresh_database: Callable[[], str]
) -> None:
    async with connect(fresh_database(), "test") as pool:
        await prepare(pool)
        await rebuild(pool, Told(told.events[:90]), list(VIEWS.values()))
        for table in TABLES.values():
            columns = ", ".join(f"{name}::text" for name in table.columns)
            async with pool.connection() as connection:
                await connection.execute("SET timezone = 'UTC'")
                cursor = await connection.execute(f"SELECT {columns} FROM views.{table.name}")
                live = await cursor.fetchall()
            then = rows_of(moments[90][0], table.name)
            assert sorted(map(normal, then)) == sorted(map(normal, live)), table.name


def normal(row: tuple[Any, ...]) -> list[str]:
    """A row as text, whichever database wrote it."""
    return ["" if value is None else str(value).removesuffix(".0").removesuffix("+00") for value in row]


def test_the_same_position_has_the_same_file_byte_by_byte(
    yeon_log: Yeon, moments: dict[int, tuple[Path, str]], store_url: str, tmp_path: Path
) -> None:
    again = tmp_path / "again.duckdb"

    output = yeon_log("as-of", "2026-03-01T09:00:30.5Z", "--out", again).output

    path, digest = moments[30]
    assert "as of position 30" in output
    assert output.split()[-1] == digest != moments[31][1]
    assert again.read_bytes() == path.read_bytes() != moments[31][0].read_bytes()
    with duckdb.connect(str(again), read_only=True) as duck:
        assert duck.execute("SELECT position, sha256 FROM as_of").fetchall() == [(30, digest)]
    with psycopg.connect(store_url) as connection:
        row = connection.execute("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'views%'").fetchone()
    assert row == (0,), "the live database has views now"


def test_diff_tells_what_was_added_and_changed(
    yeon_log: Yeon, told: History, moments: dict[int, tuple[Path, str]]
) -> None:
    last = len(told.events)
    before, after = moments[last - 1][0], moments[last][0]

    counts = json.loads(yeon_log("diff", before, after, "--json").output)
    changes = yeon_log("diff", before, after, "--table", "room_items", "--json").output

    assert told.events[-1].type == "yeon.room.message_posted.v1"
    assert counts["room_items"] == {"added": 1, "removed": 0, "changed": 0}
    assert counts["rooms"] == {"added": 0, "removed": 0, "changed": 1}
    assert counts["people"] == {"added": 0, "removed": 0, "changed": 0}
    (change,) = [json.loads(line) for line in changes.splitlines()]
    assert change["kind"] == "added"
    assert change["after"]["content"] == "더 궁금한 것이 있나요?"


def test_a_position_and_a_file_are_compared_too(yeon_log: Yeon, moments: dict[int, tuple[Path, str]]) -> None:
    backwards = json.loads(yeon_log("diff", moments[31][0], 30, "--json").output)

    forwards = json.loads(yeon_log("diff", moments[30][0], moments[31][0], "--json").output)
    assert {n: c["added"] for n, c in forwards.items()} == {n: c["removed"] for n, c in backwards.items()}
    assert any(counts["changed"] or counts["added"] for counts in forwards.values())


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
