"""Removes the files of messages that were taken back, and all files of those who were erased.

It follows the event log by position. What was removed before a crash is removed again, which changes nothing; while the
store of files is away it waits there.
"""

import asyncio
import logging
from typing import Any
from uuid import UUID

import orjson
from psycopg import AsyncConnection, Error
from psycopg_pool import PoolTimeout

from infra.files.port import FileStore, FilesUnavailable
from projections.queries.reading import Pool
from schemas.events.account import AccountErased
from schemas.events.room import MessageRedacted

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
TURN = 200

_AT = "SELECT coalesce((SELECT position FROM ops.files_removed), 0), (SELECT position FROM store.log_head)"
_ENDED = """
    SELECT notification_id, topic, originator_id, state FROM store.stored_events
    WHERE notification_id > %s AND notification_id <= %s AND topic = ANY(%s) ORDER BY notification_id LIMIT %s
"""
_MOVED = """
    INSERT INTO ops.files_removed VALUES (true, %s) ON CONFLICT (only_row) DO UPDATE SET position = excluded.position
"""


async def keep_removing(pool: Pool, files: FileStore) -> None:
    """Look for files to remove until cancelled. Any number of workers may: removing twice changes nothing."""
    while True:
        try:
            while await remove_some(pool, files):
                pass
        except (Error, PoolTimeout, FilesUnavailable) as error:
            log.warning("files of erased persons and redacted messages wait for a store: %s", error)
        await asyncio.sleep(LOOK_SECONDS)


async def remove_some(pool: Pool, files: FileStore) -> bool:
    """Remove what the next events say; whether there may be more. Raises `FilesUnavailable`, psycopg.Error."""
    async with pool.connection() as connection:
        after, head = await _where(connection)
        if after == head:
            return False
        if after > head:
            after = 0  # the store is an older one, restored
        wanted = [MessageRedacted.TYPE, AccountErased.TYPE]
        found = await (await connection.execute(_ENDED, (after, head, wanted, TURN))).fetchall()
    for _, kind, stream, state in found:
        if kind == AccountErased.TYPE:
            await files.remove_all(stream)
        else:
            data = orjson.loads(state)["data"]
            await files.remove(UUID(data["userId"]), UUID(data["messageId"]))
    more = len(found) == TURN
    async with pool.connection() as connection:
        await connection.execute(_MOVED, (found[-1][0] if more else head,))
    return more


async def _where(connection: AsyncConnection[Any]) -> tuple[int, int]:
    """Up to which position files are removed, and where the log ends."""
    row = await (await connection.execute(_AT)).fetchone()
    assert row is not None
    return row[0], row[1] or 0
