"""Keeps the index of answered questions at the conversations' events: from Kafka as they come, from the store when new.

An expert's acceptance counts as an answer to the question: it is what commits them, it comes once, and the matcher
need not read every message to know it. A rating changes its weight, and a cancelled question is forgotten. The words
are read from the question's own first event; the index keeps none of them.
"""

import asyncio
import logging
from collections.abc import Sequence
from uuid import UUID

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from infra.kafka.app import AWAY, Batch
from infra.kafka.intake import Passing, in_order
from infra.log import EventLog
from matcher import positions
from matcher.encoders.worker import EncoderThread
from matcher.index.answers import Answered
from matcher.index.contract import ExpertIndex
from matcher.lexical.sparse import document
from matcher.lexical.terms import Terms
from matcher.recall import Recall
from matcher.texts import encoded_text, lexical_text, topics_of
from schemas.envelope import Event
from schemas.events.question import ExpertRated, OfferAccepted, QuestionAsked, QuestionCancelled
from schemas.topics import CONVERSATIONS, TOPICS

log = logging.getLogger(__name__)

FLUSH_SECONDS = 1.0
"""Positions past events that are none of ours are written this often, not with every batch of chat."""

TYPES = frozenset({OfferAccepted.TYPE, ExpertRated.TYPE, QuestionCancelled.TYPE})
"""The event types that change the index."""


class Answering:
    """The consumer of `yeon.conversations.v1` that feeds the index of answered questions."""

    def __init__(
        self,
        pool: AsyncConnectionPool[AsyncConnection],
        event_log: EventLog,
        thread: EncoderThread,
        recall: Recall,
        experts: ExpertIndex,
        terms: Terms,
    ) -> None:
        self._pool = pool
        self._log = event_log
        self._thread = thread
        self._recall = recall
        self._experts = experts
        self._terms = terms
        self._reached: dict[tuple[str, int], int] = {}
        self._written: dict[tuple[str, int], int] = {}
        self.consumer = f"matcher:answers:{recall.index.name}"

    async def open(self) -> None:
        """Open the index, make the histories from it, and fill from the store what is new or was never filled."""
        index = self._recall.index
        async with self._pool.connection() as connection:
            if not await asyncio.to_thread(index.exists):
                await positions.forget(connection, self.consumer)
            await asyncio.to_thread(index.open)
            self._written = await positions.read(connection, self.consumer)
        await asyncio.to_thread(self._recall.load)
        if len(self._written) < TOPICS[CONVERSATIONS].partitions:
            await self._fill()
        self._reached = dict(self._written)
        log.info("index %s holds %d answers", index.name, await asyncio.to_thread(index.count))

    async def apply(self, batch: Batch) -> None:
        """Bring the index past `batch`."""
        events = await in_order(self._reached, batch, self._log)
        changed = await self._index(events)
        self._reached |= positions.reached(events)
        for record in batch:
            if isinstance(record, Passing):
                at = (record.topic, record.partition)
                self._reached[at] = max(record.position, self._reached.get(at, 0))
        if changed:
            await self.flush()

    async def flush(self) -> None:
        """Write the positions that have moved."""
        moved = {at: position for at, position in self._reached.items() if self._written.get(at) != position}
        if moved:
            async with self._pool.connection() as connection, connection.transaction():
                await positions.advance(connection, self.consumer, moved)
            self._written |= moved

    async def flush_for_ever(self) -> None:
        """Flush now and then, so that a quiet moment does not look like a standstill."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self.flush()
            except AWAY as error:
                log.warning("positions are written later, since the store is away: %s", error)

    async def _fill(self) -> None:
        head = await self._log.head()
        for partition in range(TOPICS[CONVERSATIONS].partitions):
            await self._index(await self._log.read_partition(CONVERSATIONS, partition, 0, head))
        self._written = positions.everywhere(CONVERSATIONS, head)
        async with self._pool.connection() as connection, connection.transaction():
            await positions.advance(connection, self.consumer, self._written)

    async def _index(self, events: Sequence[Event]) -> int:
        """Index what `events` say, in order, each on its own: one that cannot be indexed is passed over with a word.

        An answer is one among many, and may be missing; a question that waits behind it may not.
        """
        wanted = [event for event in events if event.type in TYPES]
        for event in wanted:
            try:
                await self._one(event)
            except AWAY:
                raise
            except (ValueError, TypeError, LookupError) as error:
                log.error("position %d is not indexed as an answer: %r", event.position, error)
        return len(wanted)

    async def _one(self, event: Event) -> None:
        data = event.data
        if isinstance(data, OfferAccepted):
            await self._accepted(data.question_id, data.expert_id, event)
        elif isinstance(data, ExpertRated):
            await asyncio.to_thread(
                self._recall.rate, Answered(data.question_id, data.expert_id, 0.0), data.stars
            )
        elif isinstance(data, QuestionCancelled):
            await asyncio.to_thread(self._recall.remove_question, data.question_id)

    async def _accepted(self, question_id: UUID, expert_id: UUID, event: Event) -> None:
        first = await self._log.one(question_id, 1)
        if first is None or not isinstance(first.data, QuestionAsked):
            raise LookupError(f"question {question_id} does not begin with its asking")
        asked = first.data
        [vector] = await self._thread.late_queries([encoded_text(asked.content, asked.category)])
        terms = await asyncio.to_thread(self._terms.of, lexical_text(asked.content, asked.category))
        known = (await asyncio.to_thread(self._experts.get, [expert_id])).get(expert_id)
        answered = Answered(
            question_id,
            expert_id,
            event.meta.at.timestamp(),
            topics=topics_of(asked.category),
            free=known is not None and known.available and not known.at_capacity,
            demo=asked.demo,
        )
        await asyncio.to_thread(self._recall.put, [answered], [vector], [document(terms)])
