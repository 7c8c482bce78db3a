"""Clears the views of those who were erased, until nothing said before can come to them any more.

The key went with the event, so whatever is read from the store holds nothing of theirs. But records on the topics
stay readable, and one that comes late would bring words back: a person is cleared at once, and again once every view
has passed the erasure.
"""

import asyncio
import logging

from psycopg import Error
from psycopg_pool import PoolTimeout

from projections import erasure
from projections.queries.reading import Pool

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0


async def keep_erasing(pool: Pool) -> None:
    """Look for persons to clear until cancelled. Any number of workers may: clearing twice changes nothing."""
    while True:
        try:
            await erase_once(pool)
        except (Error, PoolTimeout) as error:
            log.warning("erasures wait for a store: %s", error)
        await asyncio.sleep(LOOK_SECONDS)


async def erase_once(pool: Pool) -> None:
    """Clear everyone who is not cleared yet. Those of whom nothing can come any more are done with."""
    async with pool.connection() as connection:
        for one in await erasure.pending(connection):
            # Asked before it is cleared: what came in between is in the views by then.
            passed = await erasure.has_passed(connection, one.position)
            async with connection.transaction():
                await erasure.clear(connection, one.user_id)
                if passed:
                    await erasure.settle(connection, [one.user_id])
            if passed:
                log.info("nothing of person %s is left in the views", one.user_id)
