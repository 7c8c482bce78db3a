"""Keeps the index of answered questions at the events of conversations, and forgets those who are erased.

An expert's acceptance counts as an answer to the question: it is what commits them, it comes once, and the matcher
need not read every message to know it. A rating changes its weight, and a cancelled question is forgotten. The words
are read from the question's own events; the index keeps none of them.
"""

import asyncio
from uuid import UUID

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from infra.log import EventLog
from matcher.encoders.worker import EncoderThread
from matcher.following import Following
from matcher.index.answers import Answered
from matcher.index.contract import ExpertIndex
from matcher.lexical.sparse import document
from matcher.lexical.terms import Terms
from matcher.passages import shared_of
from matcher.recall import Recall
from matcher.texts import encoded_text, lexical_text, topics_of
from schemas.envelope import Event
from schemas.events.account import AccountErased
from schemas.events.question import ExpertRated, OfferAccepted, QuestionCancelled
from schemas.topics import ACCOUNTS, CONVERSATIONS

TYPES = frozenset({OfferAccepted.TYPE, ExpertRated.TYPE, QuestionCancelled.TYPE, AccountErased.TYPE})
"""The event types that change the index."""


class Answering(Following):
    """The consumer of conversations and accounts that feeds the index of answered questions."""

    def __init__(
        self,
        pool: AsyncConnectionPool[AsyncConnection],
        event_log: EventLog,
        thread: EncoderThread,
        recall: Recall,
        experts: ExpertIndex,
        terms: Terms,
    ) -> None:
        self._thread = thread
        self._recall = recall
        self._experts = experts
        self._terms = terms
        consumer = f"matcher:answers:{recall.index.name}"
        super().__init__(
            pool, event_log, recall.index, consumer, (CONVERSATIONS, ACCOUNTS), TYPES, self._answered
        )

    async def open(self) -> None:
        """As `Following.open`, and make the histories from the index."""
        await super().open()
        await asyncio.to_thread(self._recall.load)

    async def _answered(self, event: Event) -> None:
        data = event.data
        if isinstance(data, OfferAccepted):
            await self._accepted(data.question_id, data.expert_id, event)
        elif isinstance(data, ExpertRated):
            await asyncio.to_thread(
                self._recall.rate, Answered(data.question_id, data.expert_id, 0.0), data.stars
            )
        elif isinstance(data, QuestionCancelled):
            await asyncio.to_thread(self._recall.remove_question, data.question_id)
        elif isinstance(data, AccountErased):
            await asyncio.to_thread(self._recall.remove_person, data.user_id)

    async def _accepted(self, question_id: UUID, expert_id: UUID, event: Event) -> None:
        shared = shared_of([one.data for one in await self._log.stream(question_id)])
        if shared is None:
            raise LookupError(f"question {question_id} does not begin with its asking")
        asked = shared.asked
        if await self._log.forgotten([asked.asker_id, expert_id]):
            return
        [vector] = await self._thread.late_queries([encoded_text(asked.content, asked.category)])
        terms = await asyncio.to_thread(self._terms.of, lexical_text(asked.content, asked.category))
        free = await self._is_free(expert_id)
        answered = Answered(
            question_id,
            expert_id,
            event.meta.at.timestamp(),
            topics=topics_of(asked.category),
            free=free,
            demo=asked.demo,
            asker_id=asked.asker_id,
        )
        await asyncio.to_thread(self._recall.put, [answered], [vector], [document(terms)])
        if (
            now_free := await self._is_free(expert_id)
        ) != free:  # changed before the answer was there to be told
            await asyncio.to_thread(self._recall.set_free, expert_id, now_free)

    async def _is_free(self, expert_id: UUID) -> bool:
        known = (await asyncio.to_thread(self._experts.get, [expert_id])).get(expert_id)
        return known is not None and known.available and not known.at_capacity
