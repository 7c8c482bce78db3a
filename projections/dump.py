"""A view's rows in one canonical form, to be compared: live against rebuilt, or one way of batching against another."""

from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection, sql

from projections.catalogue import View
from projections.tables import LIVE, TABLES


async def dump(connection: AsyncConnection[Any], view: View, schema: str = LIVE) -> dict[str, list[str]]:
    """Every row of every table of `view` as JSON text, in the order of its key."""
    found = {}
    for name in view.tables:
        statement = sql.SQL("SELECT to_jsonb(t)::text FROM {} AS t ORDER BY {}").format(
            sql.Identifier(schema, name),
            sql.SQL(", ").join(sql.Identifier("t", column) for column in TABLES[name].key),
        )
        found[name] = [row[0] for row in await (await connection.execute(statement)).fetchall()]
    return found


@dataclass(frozen=True, slots=True)
class Difference:
    """How the live table stands against another one."""

    wanted: int
    found: int
    first: str | None
    """The key of the first row that only one has, or that is not the same in both; None if they are equal."""


async def compare_tables(connection: AsyncConnection[Any], name: str, schema: str) -> Difference:
    """The live table `name` against the one of the same name in `schema`: counts and hashes, then the first key."""
    sums = sql.SQL("SELECT count(*), sum(hashtextextended(to_jsonb(t)::text, 0)) FROM {} AS t")
    counts, hashes = [], []
    for one in (schema, LIVE):
        row = await (await connection.execute(sums.format(sql.Identifier(one, name)))).fetchone()
        assert row is not None  # aggregates always answer one row
        counts.append(row[0])
        hashes.append(row[1])
    first = (
        None if counts[0] == counts[1] and hashes[0] == hashes[1] else await _first(connection, name, schema)
    )
    return Difference(counts[0], counts[1], first)


async def _first(connection: AsyncConnection[Any], name: str, schema: str) -> str:
    key = sql.SQL(", ").join(sql.Identifier(column) for column in TABLES[name].key)
    rows = sql.SQL("SELECT {key}, to_jsonb(t)::text AS row FROM {table} AS t")
    statement = sql.SQL(
        "SELECT ROW({key})::text FROM ({live}) AS l FULL JOIN ({other}) AS o USING ({key})"
        " WHERE l.row IS DISTINCT FROM o.row ORDER BY {key} LIMIT 1"
    ).format(
        key=key,
        live=rows.format(key=key, table=sql.Identifier(LIVE, name)),
        other=rows.format(key=key, table=sql.Identifier(schema, name)),
    )
    found = await (await connection.execute(statement)).fetchone()
    return str(found[0]) if found else ""
