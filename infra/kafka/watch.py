"""Watches a running application from outside its streams, which may die in silence: generations, and progress."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

import faust
from psycopg import AsyncConnection, Error
from psycopg.rows import TupleRow

from infra.kafka.generations import Group, read_generations
from infra.kafka.intake import Broken
from infra.kafka.tracking import Consumers, Positions, Progress, read_published, read_tracking, stuck
from infra.settings import Settings

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
REFILL_SECONDS = 5.0
DEAF_SECONDS = 15.0

Refill = Callable[[Sequence[Broken]], Awaitable[None]]


class GenerationRaised(Exception):
    """A topic lost records and was filled again: this process has to begin anew under a new group."""


class NoProgress(Exception):
    """Events wait and none is applied, or the application died: the supervisor has to start this process again."""


async def watch(
    app: faust.App,
    started: asyncio.Event,
    settings: Settings,
    consumers: Consumers,
    group: Group,
    patience: float,
    refill: Refill | None,
) -> None:
    """Look each second, until `GenerationRaised`, or `NoProgress` for `patience` seconds, is to be raised.

    Where the database forgot rows that Kafka's group has committed (rows need not be flushed, see the worker), the
    rest never comes by itself unless something follows it: after `REFILL_SECONDS` it is asked of `refill`. What must
    come by itself and does not is left alone, and after `DEAF_SECONDS` the process has to start again: a stream that
    hears nothing would be hidden by what is filled in behind it. Until `started`, only generations and an older store
    are looked for.
    """
    progress, hearing = Progress(), Progress()
    while True:
        try:
            async with await AsyncConnection.connect(settings.postgres_url, autocommit=True) as connection:
                while True:
                    await asyncio.sleep(LOOK_SECONDS)
                    found = await read_generations(connection, list(consumers))
                    if found != group.generations:
                        raise GenerationRaised(f"generations are {found}, were {group.generations}")
                    reached = await read_tracking(connection, consumers)
                    await _check_not_older(connection, reached)
                    if not started.is_set():
                        continue
                    published = await read_published(connection, list(consumers))
                    # There may be other workers, and partitions of theirs. Who has none may be a spare, or one that was lost
                    # on the way back into its group: it looks at all of them, and begins anew if nobody gets on.
                    ours = set(reached)
                    if not settings.embedded_broker:
                        ours = {(at.topic, at.partition) for at in app.consumer.assignment()}
                    if ours:
                        reached = {at: position for at, position in reached.items() if at in ours}
                    now = time.monotonic()
                    stood = progress.stood(reached, published, now)
                    if still := stuck(group.heard.silent(stood, now), patience):
                        raise NoProgress(f"nothing applied for {patience:.0f} s though events wait: {still}")
                    if refill is None or not ours:
                        continue
                    unheard = hearing.stood(group.heard.reached(reached, published), published, now)
                    if deaf := stuck(group.heard.silent(unheard, now), DEAF_SECONDS):
                        raise NoProgress(
                            f"nothing came for {DEAF_SECONDS:.0f} s though it was published: {deaf}"
                        )
                    if missing := [at for at in stuck(stood, REFILL_SECONDS) if at not in unheard]:
                        await _refill(refill, [Broken(*at, published[at], "it never came") for at in missing])
        except Error as error:
            # Without the store nothing can be said about progress.
            progress, hearing = Progress(), Progress()
            log.warning("cannot watch the application: %s", error)
            await asyncio.sleep(LOOK_SECONDS)


async def _check_not_older(connection: AsyncConnection[TupleRow], reached: Positions) -> None:
    """Raises `NoProgress` if the store ends before what was applied of it: it was restored from an older backup.

    Its next events would have positions that count as seen, and be passed over.
    """
    row = await (await connection.execute("SELECT position FROM store.log_head")).fetchone()
    highest = max(reached.values(), default=0)
    if row is not None and row[0] < highest:
        raise NoProgress(
            f"the event store ends at position {row[0]}, but {highest} was applied: it was restored from an older"
            " backup; `yeon rebuild everything` makes all else follow it"
        )


async def _refill(refill: Refill, missing: Sequence[Broken]) -> None:
    log.warning("published but not applied, reading it from the store: %s", missing)
    try:
        async with asyncio.timeout(REFILL_SECONDS):
            await refill(missing)
    except Exception:  # whatever it is, the streams meet it as well, and patience runs out
        log.exception("could not refill")
