"""Clears the views of those who were erased, until nothing said before can come to them any more.

The key went with the event, so whatever is read from the store holds nothing of theirs. But records on the topics
stay readable, and one that comes late would bring words back: a person is cleared at once, and again once every view
has passed the erasure. Where an older log was restored, which does not say so, whoever was erased since is erased again;
and what was open around them, in that log or by an offer that came while they went, is ended, so that nobody waits for
them.
"""

import asyncio
import logging
from uuid import UUID, uuid5

from psycopg import Error
from psycopg_pool import PoolTimeout

from infra.clock import now
from projections import erasure
from projections.queries.leaving import open_matters
from projections.queries.reading import Pool
from schemas.commands.account import EraseAccount
from schemas.envelope import Context
from schemas.ids import erasure_command
from schemas.port import CommandPort, Refused, Unavailable

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0


async def keep_erasing(pool: Pool, commands: CommandPort) -> None:
    """Look for persons to clear until cancelled. Any number of workers may: clearing twice changes nothing."""
    while True:
        try:
            await erase_again(pool, commands)
            await erase_once(pool, commands)
        except (Error, PoolTimeout) as error:
            log.warning("erasures wait for a store: %s", error)
        await asyncio.sleep(LOOK_SECONDS)


async def erase_once(pool: Pool, commands: CommandPort) -> None:
    """Clear everyone who is not cleared yet. Those of whom nothing can come any more, and for whom nobody waits, are done
    with."""
    async with pool.connection() as connection:
        for one in await erasure.pending(connection):
            # Asked before it is cleared: what came in between is in the views by then.
            passed = await erasure.has_passed(connection, one.position)
            if passed and not await _take_leave(pool, commands, one.user_id):
                continue
            async with connection.transaction():
                await erasure.clear(connection, one.user_id)
                if passed:
                    await erasure.settle(connection, [one.user_id])
            if passed:
                log.info("nothing of person %s is left in the views", one.user_id)


async def erase_again(pool: Pool, commands: CommandPort) -> None:
    """Say in a log from before their erasure that these persons were erased, so that everything that follows it forgets them."""
    async with pool.connection() as connection:
        people = await erasure.unsaid(connection)
    for person in people:
        context = Context(erasure_command(person), person, now(), correlation_id=person)
        try:
            await commands.execute(EraseAccount(), context)
        except Refused as refusal:
            log.warning("%s was not erased again: %s", person, refusal.message)
        except Unavailable:
            log.warning("the event store is away: %s is erased again later", person)
        else:
            log.info("person %s was erased again, in a log from before their erasure", person)


async def _take_leave(pool: Pool, commands: CommandPort, person: UUID) -> bool:
    """End what the views say is still open around someone who was erased; whether nothing is."""
    matters = await open_matters(pool, person)
    for command, about in matters.farewells():
        command_id = uuid5(erasure_command(person), f"{command.NAME}:{about}")
        try:
            await commands.execute(command, Context(command_id, person, now(), correlation_id=person))
        except Refused:
            continue  # It ended by itself meanwhile.
        except Unavailable:
            log.warning("the event store is away: %s takes leave later", person)
            return False
    return True
