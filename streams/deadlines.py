"""Ends offers when their time is up: the deadlines are in the events, the views know the open ones, the clock sends."""

import asyncio
import heapq
import logging
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from psycopg import Error
from psycopg_pool import PoolTimeout

from infra.clock import now
from infra.log import EventLog
from projections.queries.questions import DueOffer, due_offers
from projections.queries.reading import Pool
from schemas.commands.question import ExpireOffer
from schemas.envelope import Context, Event
from schemas.events.question import QuestionMatched, QuestionOffered
from schemas.ids import SYSTEM, expiry_command
from schemas.port import CommandPort, Refused, Unavailable

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
AHEAD = timedelta(seconds=5)
AGAIN = timedelta(seconds=10)
"""After which an offer that was ended is ended again, if the views still say it is open."""

Key = tuple[UUID, UUID, int]
_OFFERING = (QuestionMatched, QuestionOffered)


class Deadlines:
    """Offers by the time they end. Pure: the time is handed in."""

    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, Key]] = []
        self._known: dict[Key, datetime] = {}
        """Until when an offer is not taken in again."""

    def add(self, offers: Iterable[DueOffer]) -> None:
        """Take in offers; those that are in already, or were given out lately, are passed over."""
        for offer in offers:
            key = (offer.question_id, offer.expert_id, offer.round)
            if key not in self._known:
                self._known[key] = offer.expires_at + AGAIN
                heapq.heappush(self._waiting, (offer.expires_at, key))

    def due(self, at: datetime) -> list[Key]:
        """Give out the offers whose time is up at `at`, the earliest first."""
        found = []
        while self._waiting and self._waiting[0][0] <= at:
            _, key = heapq.heappop(self._waiting)
            self._known[key] = at + AGAIN
            found.append(key)
        self._known = {key: until for key, until in self._known.items() if until > at}
        return found

    def failed(self, key: Key) -> None:
        """Let an offer be taken in again: it could not be ended now."""
        self._known.pop(key, None)

    def seconds_to_next(self, at: datetime) -> float | None:
        """How long from `at` to the next deadline; None if there is none."""
        return max(0.0, (self._waiting[0][0] - at).total_seconds()) if self._waiting else None


async def keep_deadlines(pool: Pool, commands: CommandPort, store: EventLog) -> None:
    """End offers at their deadlines until cancelled. Any number of workers may: the command's id is the offer's."""
    deadlines = Deadlines()
    while True:
        try:
            deadlines.add(await due_offers(pool, now() + AHEAD))
            await _end_due(deadlines, commands, store)
        except (Error, PoolTimeout) as error:
            log.warning("deadlines wait for a store: %s", error)
            await asyncio.sleep(LOOK_SECONDS)


async def _end_due(deadlines: Deadlines, commands: CommandPort, store: EventLog) -> None:
    """Until the next look, end each offer when its time has come; the look itself goes by a clock that cannot jump."""
    until = time.monotonic() + LOOK_SECONDS
    while (left := until - time.monotonic()) > 0:
        wait = deadlines.seconds_to_next(now())
        await asyncio.sleep(left if wait is None else min(wait, left))
        await asyncio.gather(*(_end(deadlines, commands, store, key) for key in deadlines.due(now())))


async def _end(deadlines: Deadlines, commands: CommandPort, store: EventLog, key: Key) -> None:
    question_id, expert_id, round_number = key
    command_id = expiry_command(question_id, expert_id, round_number)
    context = Context(command_id, SYSTEM, now(), correlation_id=question_id)
    if (offer := await _offer(store, key)) is not None:
        context = replace(
            context,
            correlation_id=offer.meta.correlation_id,
            causation_id=offer.event_id,
            traceparent=offer.meta.traceparent,
        )
    command = ExpireOffer(question_id=question_id, expert_id=expert_id, round=round_number)
    try:
        await commands.execute(command, context)
    except Refused as refusal:
        log.info("offer %s was no more to be ended: %s", key, refusal.message)
    except Unavailable:
        log.warning("offer %s could not be ended, the event store is away", key)
        deadlines.failed(key)


async def _offer(store: EventLog, key: Key) -> Event | None:
    """The event that made an offer."""
    question_id, expert_id, round_number = key
    for event in reversed(await store.of_stream(question_id, [kind.TYPE for kind in _OFFERING])):
        if isinstance(event.data, _OFFERING) and any(
            (offer.expert_id, offer.round) == (expert_id, round_number) for offer in event.data.offers
        ):
            return event
    return None
