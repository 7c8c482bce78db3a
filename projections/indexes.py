"""Makes indexes of the views that a later version brought, beside writers and readers.

`views.sql` names them all, and new tables come with them; tables that are there already get theirs here. A changed index
has a new name, since what an index of that name says is not compared.
"""

import asyncio
import logging
import re
from collections.abc import Collection

from psycopg import AsyncConnection, Error, sql
from psycopg_pool import PoolTimeout

from projections.queries.reading import Pool
from projections.tables import LIVE, statements

log = logging.getLogger(__name__)

LOCK = 0x7965_6F6E_0005
"""The advisory lock of the one worker that makes indexes; the others leave it to that one."""
AGAIN_SECONDS = 30.0

_MAKES = re.compile(r"CREATE INDEX IF NOT EXISTS (?P<name>\w+) ON [^;]+;")
_MADE = """
    SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = ANY(%s)
"""


def named() -> dict[str, str]:
    """By name, the statement of each index in `views.sql`."""
    return {found["name"]: found[0] for found in _MAKES.finditer(statements())}


async def keep_indexed(pool: Pool) -> None:
    """Make what is missing, then wait until cancelled. While the database is away it is tried again."""
    while True:
        try:
            await make_missing(pool)
            await asyncio.Event().wait()
        except (Error, PoolTimeout) as error:
            log.warning("indexes of the views are made later: %s", error)
        await asyncio.sleep(AGAIN_SECONDS)


async def make_missing(pool: Pool) -> list[str]:
    """Make each index that a live table lacks; their names, none if another process is at it. Safe to repeat.

    Writers and readers go on meanwhile, so it waits for every transaction that began before it. One that was begun and not
    ended, its process having been killed, is made anew.
    """
    async with pool.connection() as connection:
        # Tried and never waited for: who waits for a lock has a snapshot, which the making of an index waits for in turn.
        got = await (await connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,))).fetchone()
        if got is None or not got[0]:
            return []
        try:
            missing = await _missing(connection, named())
            for name in missing:
                await _make(connection, name, named()[name])
        finally:
            await connection.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))
    return missing


async def _missing(connection: AsyncConnection, names: Collection[str]) -> list[str]:
    rows = await (await connection.execute(_MADE, (LIVE, list(names)))).fetchall()
    whole = {name for name, valid in rows if valid}
    return [name for name in names if name not in whole]


async def _make(connection: AsyncConnection, name: str, statement: str) -> None:
    log.info("the index %s is missing, and is made beside everything else", name)
    half = sql.Identifier(LIVE, name)
    await connection.execute(sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(half))
    beside = statement.replace("CREATE INDEX", "CREATE INDEX CONCURRENTLY", 1)
    await connection.execute(sql.SQL(beside).format(schema=sql.Identifier(LIVE)))
