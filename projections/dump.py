"""A view's rows in one canonical form, to be compared: live against rebuilt, or one way of batching against another."""

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
