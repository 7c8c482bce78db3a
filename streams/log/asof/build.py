"""Every view as it stood at a position, as a DuckDB file: the live projectors and their SQL, on a throwaway PostgreSQL.

Nothing of the live system is touched. The same position of the same log gives the same file, byte by byte: rows stand in
the order of their keys, one thread writes them under one name, there is no clock or machine in them, and the file's
identifier follows from the SHA-256 of its contents, which stands in the table `as_of`.
"""

import hashlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import orjson
import psycopg
import pyarrow as pa
from psycopg import AsyncConnection, sql

from infra.embedded import Postgres
from infra.embedded.ports import any_free
from projections.catalogue import VIEWS
from projections.tables import TABLES, Table, ddl
from projections.taking import EVENT_FAULTS, take, write_apart, write_together
from schemas.envelope import Event
from streams.log.asof.identity import set_identifier
from streams.log.filters import Wanted
from streams.log.store import Store

SCHEMA = "views_as_of"
BATCH = 2_000
ROWS = 20_000
"""Rows of a view held at once."""
_TYPES = {"jsonb": "JSON", "numeric": "DECIMAL(20, 6)", "text": "VARCHAR", "double precision": "DOUBLE"}


async def build(
    log: Store, moments: Sequence[tuple[int, Path]], advanced: Callable[[int], None] = lambda _: None
) -> list[str]:
    """Writes a file for each of `moments`, which are positions in rising order and where to put their files; returns
    the SHA-256 of the contents of each.

    `advanced` is told how many more events were read. A file that is there is replaced once the new one is whole.
    """
    async with _scratch() as connection:
        await connection.execute(ddl(SCHEMA))
        held: dict[str, set[UUID]] = {}
        done, digests = 0, []
        for position, path in moments:
            events = log.events(Wanted(since=done + 1, until=position))
            while batch := list(islice(events, BATCH)):
                await _write(connection, batch, held)
                advanced(len(batch))
            digests.append(await _save(connection, position, log, path))
            done = position
        return digests


async def _write(
    connection: AsyncConnection[Any], events: Sequence[Event], held: dict[str, set[UUID]]
) -> None:
    taken = [
        take(view, events, held.setdefault(view.consumer, set()), pushing=False) for view in VIEWS.values()
    ]
    try:
        async with connection.transaction():
            await write_together(connection, SCHEMA, taken)
    except EVENT_FAULTS:
        async with connection.transaction():
            await write_apart(connection, SCHEMA, taken)
    for one in taken:
        held[one.view.consumer].update(parked.key for parked in one.parked)


@asynccontextmanager
async def _scratch() -> AsyncIterator[AsyncConnection[Any]]:
    """A PostgreSQL that is thrown away afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="yeon-as-of-"))
    part = Postgres(directory / "postgres", any_free(), directory / "postgres.log")
    try:
        part.start()
        with psycopg.connect(part.url, autocommit=True) as administrator:
            administrator.execute("ALTER SYSTEM SET fsync = off")
            administrator.execute("SELECT pg_reload_conf()")
        options = "-c synchronous_commit=off -c timezone=UTC"
        async with await AsyncConnection.connect(part.url, autocommit=True, options=options) as connection:
            yield connection
    finally:
        part.stop()
        shutil.rmtree(directory, ignore_errors=True)


async def _save(connection: AsyncConnection[Any], position: int, log: Store, path: Path) -> str:
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with duckdb.connect(config={"threads": 1}) as duck:
        duck.execute("SET TimeZone = 'UTC'")
        duck.execute(f"ATTACH {_quoted(str(part))} AS moment")  # the name of the database stands in the file
        duck.execute("USE moment")
        contents = hashlib.sha256()
        for table in TABLES.values():
            contents.update(table.name.encode())
            await _copy(connection, duck, table, contents.update)
        duck.execute("CREATE TABLE as_of (position BIGINT, time TIMESTAMPTZ, sha256 VARCHAR)")
        at = log.time_of(position)
        values = [position, str(at) if at else None, contents.hexdigest()]
        duck.execute("INSERT INTO as_of VALUES (?, ?::TIMESTAMPTZ, ?)", values)
        duck.execute("CHECKPOINT")
        duck.execute("USE memory")
        duck.execute("DETACH moment")
    set_identifier(part, contents.digest())
    part.replace(path)
    return contents.hexdigest()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


async def _copy(
    connection: AsyncConnection[Any],
    duck: duckdb.DuckDBPyConnection,
    table: Table,
    hashed: Callable[[bytes], None],
) -> None:
    types = {name: _TYPES.get(kind, kind.upper()) for name, kind in table.columns.items()}
    columns = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
    key = ", ".join(f'"{name}"' for name in table.key)
    duck.execute(f'CREATE TABLE "{table.name}" ({columns}, PRIMARY KEY ({key}))')
    casts = ", ".join(f'"{name}"::{kind}' for name, kind in types.items())
    query = sql.SQL("SELECT {} FROM {} ORDER BY {}").format(
        sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in table.columns),
        sql.Identifier(SCHEMA, table.name),
        sql.SQL(", ").join(map(sql.Identifier, table.key)),
    )
    async with connection.transaction(), connection.cursor(name="rows") as cursor:
        await cursor.execute(query)
        while rows := await cursor.fetchmany(ROWS):
            hashed(b"".join(orjson.dumps(row) for row in rows))
            columns_of = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
            found = pa.table(columns_of, names=list(types))
            duck.register("found", found)
            duck.execute(f'INSERT INTO "{table.name}" SELECT {casts} FROM found')
            duck.unregister("found")
