"""Goes on without experts who accepted and then say nothing: the views know who has not spoken, the clock sends.

An expert has as long for the first word as for the answer to an offer. The aggregate judges the time and the silence
again, so a view that is late makes nobody be passed over.
"""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import get_args
from uuid import UUID

from psycopg import Error
from psycopg_pool import PoolTimeout

from infra.clock import now
from infra.settings import Settings
from projections.queries.questions import silent_experts
from projections.queries.reading import Pool
from schemas.base import Urgency
from schemas.commands.question import GoOnWithout
from schemas.envelope import Context
from schemas.ids import SYSTEM, silence_command
from schemas.port import CommandPort, Refused, Unavailable

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
BACK = timedelta(hours=6)
"""How far back a worker that was away looks for silences nobody acted on."""

Key = tuple[UUID, UUID]


async def keep_from_silence(pool: Pool, commands: CommandPort, settings: Settings) -> None:
    """Look for silent experts until cancelled. Any number of workers may: the command's id is the silence's."""
    done: dict[Key, datetime] = {}
    while True:
        try:
            await look(pool, commands, settings, now(), done)
        except (Error, PoolTimeout) as error:
            log.warning("silences wait for a store: %s", error)
        await asyncio.sleep(LOOK_SECONDS)


async def look(
    pool: Pool, commands: CommandPort, settings: Settings, at: datetime, done: dict[Key, datetime]
) -> None:
    """Go on without everyone who is silent at `at`; `done` remembers those it was said of, for as long as they are found."""
    for key in [key for key, until in done.items() if until <= at]:
        del done[key]
    for urgency in get_args(Urgency):
        due = at - settings.offer_lifetime(urgency)
        for key in await silent_experts(pool, urgency, due - BACK, due):
            if key not in done and await _go_on(commands, key, at):
                done[key] = at + BACK + timedelta(hours=1)


async def _go_on(commands: CommandPort, key: Key, at: datetime) -> bool:
    """Whether it was decided, one way or the other."""
    question_id, expert_id = key
    context = Context(silence_command(question_id, expert_id), SYSTEM, at, correlation_id=question_id)
    try:
        await commands.execute(GoOnWithout(question_id=question_id, expert_id=expert_id), context)
    except Refused as refusal:
        log.info("%s was not to be gone on without: %s", key, refusal.message)
    except Unavailable:
        log.warning("the event store is away: %s is gone on without later", key)
        return False
    return True
