"""Removes files that no message names: stored, and then the message was never appended, since its gateway died or the
store of events was away.

A file's age is in its id, a UUID of version 7. What the views do not know is looked up in the store of events before it is
removed, so views that are behind or being built again cost no file.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from psycopg import Error
from psycopg_pool import PoolTimeout

from infra.clock import now
from infra.files.port import FileStore, FilesUnavailable
from projections.queries.reading import Pool
from schemas.events.room import MessagePosted

log = logging.getLogger(__name__)

AGE = timedelta(days=7)
"""A file that old was named long ago, or never will be. An append takes seconds; the rest is for whoever restores a backup
of the store that is older than the files."""
SWEEP_SECONDS = 6 * 3_600.0
MANY = 5_000

Place = tuple[UUID, UUID]
"""Owner and id of a file."""

_NAMED_IN_VIEWS = "SELECT message_id FROM views.room_items WHERE type = 'file' AND message_id = ANY(%s)"
_NAMED = """
    SELECT (convert_from(state, 'UTF8')::jsonb #>> '{data,messageId}')::uuid FROM store.stored_events
    WHERE topic = %s AND convert_from(state, 'UTF8')::jsonb #>> '{data,messageId}' = ANY(%s)
"""


async def keep_sweeping(pool: Pool, files: FileStore) -> None:
    """Sweep a few times a day until cancelled. Any number of workers may: removing twice changes nothing."""
    while True:
        try:
            if removed := await sweep(pool, files, now() - AGE):
                log.warning("removed %d files that no message names", removed)
        except (Error, PoolTimeout, FilesUnavailable) as error:
            log.warning("files that no message names wait for a store: %s", error)
        await asyncio.sleep(SWEEP_SECONDS)


async def sweep(pool: Pool, files: FileStore, before: datetime) -> int:
    """Remove the files made before that moment that no message names; how many. Raises `FilesUnavailable`, psycopg.Error."""
    removed = 0
    async for places in _old(files, before):
        for owner, file_id in await _unnamed(pool, places):
            await files.remove(owner, file_id)
            removed += 1
    return removed


async def _old(files: FileStore, before: datetime) -> AsyncIterator[list[Place]]:
    """What was made before, so many at a time. What has another id than ours is let be."""
    places: list[Place] = []
    async for owner, file_id in files.held():
        if file_id.version == 7 and _made(file_id) < before:
            places.append((owner, file_id))
        if len(places) == MANY:
            yield places
            places = []
    if places:
        yield places


async def _unnamed(pool: Pool, places: Sequence[Place]) -> list[Place]:
    async with pool.connection() as connection:
        ids = [file_id for _, file_id in places]
        found = await (await connection.execute(_NAMED_IN_VIEWS, (ids,))).fetchall()
        named = {file_id for (file_id,) in found}
        if missing := [str(file_id) for file_id in ids if file_id not in named]:
            found = await (await connection.execute(_NAMED, (MessagePosted.TYPE, missing))).fetchall()
            named.update(file_id for (file_id,) in found)
    return [place for place in places if place[1] not in named]


def _made(file_id: UUID) -> datetime:
    """The first 48 bits are milliseconds since 1970 (RFC 9562, section 5.7)."""
    return datetime.fromtimestamp((file_id.int >> 80) / 1_000, UTC)
