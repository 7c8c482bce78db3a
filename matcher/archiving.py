"""The archive: an index of the passages of shared conversations, kept at the log, and what in it is like a text.

Whatever happens to a conversation, its passages are made anew from its own streams in the store, so that the same log
gives the same archive. The index holds vectors and weights of terms and says which conversation is alike. Its words are
read from the views, under the consent as it is then.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from infra.log import EventLog
from matcher.aggregation import fused
from matcher.encoders.worker import EncoderThread
from matcher.following import Following
from matcher.index.answers import Answered, AnswerIndex, Sought
from matcher.lexical.sparse import document, query
from matcher.lexical.terms import Terms
from matcher.passages import Passage, passages_of, shared_of
from matcher.texts import encoded_text, lexical_text, topics_of
from schemas.envelope import Event
from schemas.events.account import AccountErased
from schemas.events.question import QuestionReopened, QuestionResolved, QuestionShared
from schemas.events.room import MessageRedacted
from schemas.ids import room_of
from schemas.topics import ACCOUNTS, CONVERSATIONS

TYPES = frozenset(
    {
        QuestionShared.TYPE,
        QuestionResolved.TYPE,
        QuestionReopened.TYPE,
        MessageRedacted.TYPE,
        AccountErased.TYPE,
    }
)
"""The event types after which a conversation's passages may be others."""
KIND = "archive"
"""The kind of the index."""
NEAREST = 50
"""Passages looked at by each of the two searches."""
LEAST_LIKE = 0.35
"""Below this likeness two conversations are about different things."""


@dataclass(frozen=True, slots=True)
class Like:
    """A shared conversation like a text, from 0 to 1, and whose words in it are the nearest."""

    question_id: UUID
    author_id: UUID
    score: float


class Archive(Following):
    """The consumer of conversations and accounts that feeds the archive, and its search."""

    def __init__(
        self,
        pool: AsyncConnectionPool[AsyncConnection],
        event_log: EventLog,
        thread: EncoderThread,
        index: AnswerIndex,
        terms: Terms,
        similarity_range: tuple[float, float],
    ) -> None:
        """`index` is one of the kind `KIND`, `similarity_range` the encoder's."""
        self._thread = thread
        self._terms = terms
        self._range = similarity_range
        self._held: dict[int, Answered] = {}
        super().__init__(
            pool,
            event_log,
            index,
            f"matcher:{KIND}:{index.name}",
            (CONVERSATIONS, ACCOUNTS),
            TYPES,
            self._changed,
        )

    async def open(self) -> None:
        await super().open()
        self._held = await asyncio.to_thread(self._read_index)

    async def like(self, content: str, *, demo: bool, but: UUID | None = None, limit: int = 3) -> list[Like]:
        """The shared conversations most like `content`, best first, each once; `but` is left out."""
        if not self._held:
            return []
        [vector] = await self._thread.queries([encoded_text(content)])
        terms = query(await asyncio.to_thread(self._terms.of, lexical_text(content)))
        wanted = [Sought(NEAREST, dense=vector, demo=demo), Sought(NEAREST, sparse=terms, demo=demo)]
        dense, lexical = await asyncio.to_thread(self._index.search, wanted)
        cosines = {near.answer_id: near.score for near in dense}
        words = {near.answer_id: near.score for near in lexical}
        best: dict[UUID, Like] = {}
        for answer_id in dict.fromkeys([*cosines, *words]):
            held = self._held.get(answer_id)
            if held is None or held.question_id == but:
                continue
            score = self._likeness(cosines.get(answer_id), words.get(answer_id, 0.0))
            if held.question_id not in best or score > best[held.question_id].score:
                best[held.question_id] = Like(held.question_id, held.expert_id, score)
        found = sorted(best.values(), key=lambda one: (-one.score, one.question_id.bytes))
        return [one for one in found if one.score >= LEAST_LIKE][:limit]

    def _likeness(self, cosine: float | None, bm25: float) -> float:
        low, high = self._range
        value = (float(fused(cosine or low, bm25)) - low) / (high - low)  # type: ignore[arg-type]
        return round(min(max(value, 0.0), 1.0), 4)

    async def _changed(self, event: Event) -> None:
        data = event.data
        if isinstance(data, AccountErased):
            await asyncio.to_thread(self._index.remove_person, data.user_id)
            self._held = {
                at: one for at, one in self._held.items() if data.user_id not in (one.expert_id, one.asker_id)
            }
        else:
            await self._make_anew(data.partition_key, event.meta.at.timestamp())

    async def _make_anew(self, question_id: UUID, at: float) -> None:
        passages = await self._passages(question_id)
        texts = [encoded_text(one.text, one.category) for one in passages]
        vectors = await self._thread.late_queries(texts)
        terms = [
            document(await asyncio.to_thread(self._terms.of, lexical_text(one.text, one.category)))
            for one in passages
        ]
        answers = [_point(one, at) for one in passages]
        await asyncio.to_thread(self._index.remove_question, question_id)
        await asyncio.to_thread(self._index.put, answers, vectors, terms)
        others = {at: one for at, one in self._held.items() if one.question_id != question_id}
        self._held = others | {one.answer_id: one for one in answers}

    async def _passages(self, question_id: UUID) -> Sequence[Passage]:
        shared = shared_of([event.data for event in await self._log.stream(question_id)])
        if shared is None or not shared.authors:
            return []
        room = [event.data for event in await self._log.stream(room_of(question_id))]
        return passages_of(shared, room, await self._log.forgotten(shared.authors))

    def _read_index(self) -> dict[int, Answered]:
        return {one.answer_id: one for page in self._index.pages() for one in page.answers}


def _point(passage: Passage, at: float) -> Answered:
    return Answered(
        passage.question_id,
        passage.author_id,
        at,
        topics=topics_of(passage.category),
        demo=passage.demo,
        asker_id=passage.asker_id,
    )
