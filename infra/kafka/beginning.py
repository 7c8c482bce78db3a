"""Where an application begins to read: its consumer group's first offsets, committed before it joins.

While the relay fills topics anew, as after they were deleted, it pays to wait: whoever begins in the middle reads all that
was seen before, and slower than it is written.
"""

import asyncio
import logging
import time
from typing import NamedTuple

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from infra.kafka.access import Access
from infra.kafka.generations import Group, count_start, read_generations
from infra.kafka.offsets import Checkpoint, commit_starts
from infra.kafka.tracking import Consumers, Heard, Positions, read_checkpoints, read_tracking
from infra.settings import Settings

log = logging.getLogger(__name__)

COMMITTING_SECONDS = 60.0
LOOK_SECONDS = 0.2
STILL_SECONDS = 2.0
"""Nothing is waited for if the relay has not moved for so long: it may be away."""


class Standing(NamedTuple):
    """How far the consumers of some topics have come, and the topics themselves."""

    generations: dict[str, int]
    tracked: Positions
    known: dict[tuple[str, int], Checkpoint]
    published: int
    """Every event up to this position is on its topic."""

    @property
    def missing(self) -> int:
        """How far what is published is behind what was tracked, in positions."""
        return max(0, max(self.tracked.values(), default=0) - self.published)


async def prepare_group(application: str, settings: Settings, consumers: Consumers) -> Group:
    """The consumer group for this start of `application`, with its first offsets committed.

    `consumers` says, for each topic, whose tracking rows the application moves. The topics must be there. What they
    lack of what was tracked is waited for as long as it becomes less.
    """
    async with await AsyncConnection.connect(settings.postgres_url, autocommit=True) as connection:
        standing = await until_filled(connection, consumers)
        start = await count_start(connection, application) if settings.embedded_broker else None
    generations, tracked, known, _ = standing
    group = Group(application, generations, start, Heard(tracked) if start is not None else Heard({}))
    async with asyncio.timeout(COMMITTING_SECONDS):  # aiokafka waits for ever for a topic that is not there
        begun = await commit_starts(Access.of(settings), group.name, tracked, known)
    log.info("%s begins as %s, with %d fresh partitions", application, group.name, len(begun))
    return group


async def until_filled(connection: AsyncConnection[TupleRow], consumers: Consumers) -> Standing:
    """How far everything is, once the topics hold all that was tracked, or come no nearer to it."""
    standing = await _stand(connection, consumers)
    moved = time.monotonic()
    while standing.missing and time.monotonic() < moved + STILL_SECONDS:
        await asyncio.sleep(LOOK_SECONDS)
        before, standing = standing, await _stand(connection, consumers)
        if standing.missing < before.missing:
            moved = time.monotonic()
    return standing


async def _stand(connection: AsyncConnection[TupleRow], consumers: Consumers) -> Standing:
    generations = await read_generations(connection, list(consumers))
    tracked = await read_tracking(connection, consumers)
    known = await read_checkpoints(connection, generations)
    row = await (await connection.execute("SELECT position FROM ops.relay_head")).fetchone()
    return Standing(generations, tracked, known, int(row[0]) if row else 0)
