"""Serves questions that nobody was found for, as soon as somebody has a free place: the most urgent first, and within an
urgency the oldest. The views know who waits and who is free, the clock sends.

One at a time, by one worker at a time: the next is looked for when the views show whom the one before was offered to,
so that one place is given once. The aggregates judge again, so a view that is late makes nobody be asked wrongly.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from psycopg import AsyncConnection, Error
from psycopg_pool import PoolTimeout

from infra.clock import now
from infra.settings import Settings
from projections.queries.reading import Pool
from projections.queries.waiting import Servable, is_settled, next_servable
from schemas.commands.question import ServeWaiting
from schemas.envelope import Context
from schemas.ids import SYSTEM
from schemas.port import CommandPort, Refused, Unavailable

log = logging.getLogger(__name__)

LOCK = 0x7965_6F6E_0007
"""The advisory lock of the worker that serves."""
LOOK_SECONDS = 0.5
SETTLES_SECONDS = 10.0
"""How long the matcher's answer to one question is waited for, before the next is served."""
PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)

Pair = tuple[UUID, UUID]


class Tried:
    """Which question was tried for whose sake: if nothing comes of it, not again for a minute, then two, then four.

    Pure: the time is handed in.
    """

    def __init__(self) -> None:
        self._pauses: dict[Pair, tuple[timedelta, datetime]] = {}

    def note(self, pair: Pair, at: datetime) -> None:
        """It is tried now."""
        before, _ = self._pauses.get(pair, (PAUSE / 2, at))
        pause = min(before * 2, LONGEST_PAUSE)
        self._pauses[pair] = (pause, at + pause)

    def paused(self, at: datetime) -> list[Pair]:
        """Those not to be tried yet; what is long past is forgotten."""
        self._pauses = {
            pair: (pause, until)
            for pair, (pause, until) in self._pauses.items()
            if until + LONGEST_PAUSE > at
        }
        return [pair for pair, (_, until) in self._pauses.items() if until > at]


async def keep_serving(pool: Pool, commands: CommandPort, settings: Settings) -> None:
    """Serve those who wait until cancelled."""
    tried, waits = Tried(), timedelta(days=settings.waiting_days)
    while True:
        try:
            while await serve_next(pool, commands, tried, waits):
                pass
        except (Error, PoolTimeout) as error:
            log.warning("waiting questions wait for a store: %s", error)
        await asyncio.sleep(LOOK_SECONDS)


async def serve_next(
    pool: Pool, commands: CommandPort, tried: Tried, waits: timedelta, clock: Callable[[], datetime] = now
) -> bool:
    """Serve one question, of those asked no longer than `waits` ago; whether there may be another."""
    if await next_servable(pool, clock() - waits, tried.paused(clock())) is None:
        return False
    async with pool.connection() as connection, connection.transaction():
        if not await _alone(connection):
            return False
        found = await next_servable(pool, clock() - waits, tried.paused(clock()))
        return found is not None and await _serve(pool, commands, found, tried, clock())


async def _alone(connection: AsyncConnection) -> bool:
    got = await (await connection.execute("SELECT pg_try_advisory_xact_lock(%s)", (LOCK,))).fetchone()
    return got is not None and bool(got[0])


async def _serve(pool: Pool, commands: CommandPort, found: Servable, tried: Tried, at: datetime) -> bool:
    """Whether it was decided, one way or the other; then the views have been waited for."""
    command = ServeWaiting(question_id=found.question_id, round=found.round, expert_id=found.expert_id)
    context = Context(uuid4(), SYSTEM, at, correlation_id=found.question_id)
    try:
        outcome = await commands.execute(command, context)
    except Refused as refusal:
        log.info("question %s was not to be served: %s", found.question_id, refusal.message)
    except Unavailable:
        log.warning("the event store is away: question %s is served later", found.question_id)
        return False
    else:
        if outcome.position:
            await _settled(pool, found)
    tried.note(found.pair, at)
    return True


async def _settled(pool: Pool, found: Servable) -> None:
    try:
        async with asyncio.timeout(SETTLES_SECONDS):
            while not await is_settled(pool, found.question_id, found.round):
                await asyncio.sleep(0.02)
    except TimeoutError:
        log.warning("no answer of the matcher to question %s yet; the next is served", found.question_id)
