"""Answers each round of each question with a ranking: `QuestionAsked` is the first, `RoundRequested` a later one.

The answer is a command whose id follows from the question and the round, so an event that comes twice changes
nothing. A question that cannot be processed is tried three times and then parked; others do not wait for it.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from infra.clock import now
from infra.kafka.app import AWAY, Batch
from infra.kafka.intake import Passing, in_order
from infra.log import EventLog
from infra.tracing import span
from matcher import positions
from matcher.abreast import Abreast
from matcher.analysts.contract import Analyst
from matcher.exchange import Exchangeable
from matcher.finder import Finder
from matcher.listing import Listing
from matcher.live_ranker import LiveRanker
from matcher.matching import Matching, Round, round_of
from schemas.commands.question import OfferCandidates
from schemas.envelope import Context, Event
from schemas.events.unreadable import Unreadable
from schemas.ids import SYSTEM, match_command
from schemas.port import CommandPort, Refused, Unavailable

log = logging.getLogger(__name__)

CONSUMER = "matcher:rounds"
ATTEMPTS = 3
RETRY_SECONDS = 0.2
TOGETHER = 8
"""Most questions encoded at once, so that the first of many is answered before the last is looked at."""
FLUSH_SECONDS = 1.0
"""Positions past events that are none of ours are written this often, not with every batch of chat."""
_SETTLED = frozenset({"conflict", "not_found", "offer_closed", "room_closed"})
"""Refusals that say the question has moved on: there is nothing left to answer."""


class Rounds:
    """The consumer of `yeon.conversations.v1`."""

    def __init__(
        self,
        pool: AsyncConnectionPool[AsyncConnection],
        event_log: EventLog,
        finder: Finder,
        commands: CommandPort,
        analyst: Analyst,
        abreast: Abreast | None = None,
        live: LiveRanker | None = None,
    ) -> None:
        """Without `abreast` no question waits for the index; without `live` the hand-set weights rank."""
        self._listing = Listing(event_log)
        self._matching = Exchangeable(Matching(finder, analyst, abreast, live))
        self._pool = pool
        self._log = event_log
        self._commands = commands
        self._reached: dict[tuple[str, int], int] = {}
        self._written: dict[tuple[str, int], int] = {}

    async def open(self) -> None:
        """Read the positions, and try again what was parked."""
        async with self._pool.connection() as connection:
            self._written = await positions.read(connection, CONSUMER)
        self._reached = dict(self._written)
        await self._release()

    async def apply(self, batch: Batch) -> None:
        """Answer the rounds that `batch` begins."""
        events = await in_order(self._reached, batch, self._log)
        rounds: list[Round] = []
        for event in events:
            if isinstance(event.data, Unreadable):  # it might begin a round, so later ones wait behind it
                await self._answer_or_park(rounds)
                rounds = []
                await self._park(event, event.data.reason)
            elif begun := round_of(event):
                rounds.append(begun)
                if len(rounds) == TOGETHER:
                    await self._answer_or_park(rounds)
                    rounds = []
        await self._answer_or_park(rounds)
        self._reached |= positions.reached(events)
        for record in batch:
            if isinstance(record, Passing):
                at = (record.topic, record.partition)
                self._reached[at] = max(record.position, self._reached.get(at, 0))
        if any(round_of(event) for event in events):
            await self.flush()

    async def flush(self) -> None:
        """Write the positions that have moved."""
        moved = {at: position for at, position in self._reached.items() if self._written.get(at) != position}
        if moved:
            async with self._pool.connection() as connection, connection.transaction():
                await positions.advance(connection, CONSUMER, moved)
            self._written |= moved

    async def flush_for_ever(self) -> None:
        """Flush now and then, so that a quiet moment does not look like a standstill; and look at what an operator
        wants tried again."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self.flush()
                await self.answer_again()
            except AWAY as error:
                log.warning("positions are written later, since the store is away: %s", error)

    async def answer_again(self) -> None:
        """Try again those of the parked questions that an operator marked."""
        async with self._pool.connection() as connection:
            keys = await positions.keys_asked_again(connection, CONSUMER)
        if keys:
            await self._release(keys)
            async with self._pool.connection() as connection:
                await positions.answered_again(connection, CONSUMER, keys)

    async def _answer_or_park(self, rounds: Sequence[Round]) -> None:
        if not rounds:
            return None
        async with self._pool.connection() as connection:
            parked = await positions.parked_keys(connection, CONSUMER, [r.question_id for r in rounds])
        if not parked:
            try:
                return await self._answer(rounds)
            except (*AWAY, Unavailable):
                raise
            except Exception as error:
                log.warning(
                    "%d questions could not be answered together, trying each: %r", len(rounds), error
                )
        for one in rounds:
            if one.question_id in parked:
                await self._park(one.event, "behind an earlier round of this question")
            elif not await self._answered_alone(one):
                parked.add(one.question_id)
        return None

    async def _answered_alone(self, one: Round) -> bool:
        """Whether it could be answered; it is parked otherwise."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._answer([one])
                return True
            except (*AWAY, Unavailable):
                raise
            except Exception as error:
                log.exception("question %s, round %d, attempt %d", one.question_id, one.number, attempt)
                reason = f"{type(error).__name__}: {error}"
            await asyncio.sleep(RETRY_SECONDS * attempt)
        await self._park(one.event, reason)
        return False

    async def _park(self, event: Event, reason: str) -> None:
        log.error("parking position %d of question %s: %s", event.position, event.data.partition_key, reason)
        async with self._pool.connection() as connection:
            await positions.park(connection, CONSUMER, event, reason)

    async def _release(self, keys: set[UUID] | None = None) -> None:
        """Try what was parked again, in order; what fails again stays, and what is behind it."""
        async with self._pool.connection() as connection:
            parked = await positions.parked(connection, CONSUMER, keys)
        stuck: set[UUID] = set()
        for position, key in parked:
            if key in stuck:
                continue
            try:
                await self._answer_parked(position)
            except (*AWAY, Unavailable):
                raise
            except Exception as error:
                log.exception("question %s stays parked", key)
                stuck.add(key)
                async with self._pool.connection() as connection:
                    await positions.explain(
                        connection, CONSUMER, position, f"{type(error).__name__}: {error}"
                    )
                continue
            async with self._pool.connection() as connection:
                await positions.unpark(connection, CONSUMER, key, position)

    async def _answer_parked(self, position: int) -> None:
        for event in await self._log.read(position - 1, 1, position):
            if isinstance(event.data, Unreadable):
                raise ValueError(event.data.reason)
            if begun := round_of(event):
                await self._answer([begun])

    async def _answer(self, rounds: Sequence[Round]) -> None:
        began = time.time_ns()
        with self._matching.use() as by:
            if by.abreast is not None:
                await by.abreast.wait(max(one.event.position for one in rounds))
            commands = await by.answers(rounds, self._listing)
        await asyncio.gather(
            *(self._send(one, command, began) for one, command in zip(rounds, commands, strict=True))
        )

    async def answers(self, rounds: Sequence[Round]) -> list[OfferCandidates]:
        """What `rounds` are answered with, in their order, by what is known now. Changes nothing."""
        with self._matching.use() as by:
            return await by.answers(rounds, self._listing)

    async def exchange(self, by: Matching) -> None:
        """Answer by something else from now on; returns when nothing is answered by what was before."""
        await self._matching.exchange(by)

    async def _send(self, one: Round, command: OfferCandidates, began: int) -> None:
        meta = one.event.meta
        about: dict[str, str | int] = {"yeon.question": str(one.question_id), "yeon.round": one.number}
        context = Context(
            command_id=match_command(one.question_id, one.number),
            user_id=SYSTEM,
            at=now(),
            correlation_id=meta.correlation_id,
            causation_id=one.event.event_id,
            traceparent=meta.traceparent,
        )
        try:
            with span("match", meta.traceparent, "CONSUMER", about, began) as noted:
                await self._commands.execute(command, replace(context, traceparent=noted.traceparent))
        except Refused as refused:
            if refused.code not in _SETTLED:
                raise
            log.info("question %s, round %d is settled: %s", one.question_id, one.number, refused.message)
