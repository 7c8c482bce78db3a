"""Lets a question wait until the index has what experts said of themselves before it was asked.

The experts' events and the questions are on different topics, so their order is only in the store. A question that is
looked for too soon finds nobody: at the very first start every profile is still being encoded.
"""

import asyncio
import logging
import time

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from infra.log import EventLog
from matcher import positions
from schemas.topics import EXPERTS

log = logging.getLogger(__name__)

WAIT_SECONDS = 15.0
"""About what encoding the profiles of a first start takes on a slow machine; then the question is looked for all the
same."""
IMPATIENT_SECONDS = 1.0
"""How long is waited after a wait that was in vain, until one is not: many profiles come at once, or none will."""
_LOOK_SECONDS = 0.02


class Abreast:
    """Knows how far an index has come in the whole log."""

    def __init__(
        self,
        pool: AsyncConnectionPool[AsyncConnection],
        event_log: EventLog,
        consumer: str,
        seconds: float = WAIT_SECONDS,
    ) -> None:
        """`consumer` names the tracking rows of what feeds the index, `seconds` is the longest wait."""
        self._pool = pool
        self._log = event_log
        self._consumer = consumer
        self._seconds = seconds
        self._patience = seconds
        self._settled = 0

    async def wait(self, position: int) -> bool:
        """Return once every event of experts below `position` is in the index, or the time is up; which of the two."""
        if position <= self._settled:
            return True
        tracked = await self._tracked()
        wanted = await self._log.last_positions(EXPERTS, max(self._settled, min(tracked)), position - 1)
        deadline = time.monotonic() + self._patience
        while any(tracked[partition] < last for partition, last in wanted.items()):
            if time.monotonic() > deadline:
                log.warning("the index of experts is behind position %d: not waiting any longer", position)
                self._patience = min(IMPATIENT_SECONDS, self._seconds)
                return False
            await asyncio.sleep(_LOOK_SECONDS)
            tracked = await self._tracked()
        self._settled, self._patience = position, self._seconds
        return True

    async def _tracked(self) -> list[int]:
        """By partition."""
        async with self._pool.connection() as connection:
            found = await positions.read(connection, self._consumer)
        return [found.get(at, 0) for at in positions.everywhere(EXPERTS, 0)]
