"""From questions to ranked experts: encode together, retrieve, gather what is known, rank. The only order there is."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from redis.exceptions import RedisError

from matcher.analysis import analyse
from matcher.encoders.contract import Encoder
from matcher.encoders.worker import EncoderThread
from matcher.index.contract import ExpertIndex, Hit, Wanted
from matcher.ranking import BENCH, RANKER, Considered, Ranked, rank
from schemas.events.question import ModelRef
from schemas.port import FeatureSource, Presence

log = logging.getLogger(__name__)

ENCODED_CHARACTERS = 500
"""How much of a question is encoded: the cost is nearly linear in its length, and others wait meanwhile. The words
of the rest still count."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for, among whom, and how wide."""

    content: str
    category: str | None
    wanted: Wanted
    """Its `limit` is how many experts are looked at; its `any_term` is not used."""
    least_fit: float = 0.0
    limit: int = BENCH
    """How many are returned."""


class Finder:
    """Finds experts for questions. Changes nothing."""

    def __init__(
        self,
        thread: EncoderThread,
        encoder: Encoder,
        index: ExpertIndex,
        features: FeatureSource,
        presence: Presence,
    ) -> None:
        """`encoder` is the one that `thread` runs; only its description is used here."""
        self._thread = thread
        self._similarity_range = encoder.similarity_range
        self._index = index
        self._features = features
        self._presence = presence
        self.model = ModelRef(encoder=encoder.identity, index=index.engine, ranker=RANKER)

    async def find(self, searches: Sequence[Search]) -> list[list[Ranked]]:
        """The ranking of each search, best first. The texts are encoded in one go."""
        analyses = [analyse(search.content, search.category) for search in searches]
        vectors = await self._thread.queries([_embedded(search) for search in searches])
        # Twice for each: by vector alone, and among those whose specialties share a word with the question.
        lexical = [
            Wanted(w.limit, w.free, w.demo, w.excluded, analysis.words)
            for w, analysis in zip((search.wanted for search in searches), analyses, strict=True)
        ]
        with_words = [i for i, analysis in enumerate(analyses) if analysis.words]
        found = await asyncio.to_thread(
            self._index.search,
            vectors[[*range(len(searches)), *with_words]],
            [search.wanted for search in searches] + [lexical[i] for i in with_words],
        )
        hits = [{hit.expert.expert_id: hit for hit in answer} for answer in found[: len(searches)]]
        for i, answer in zip(with_words, found[len(searches) :], strict=True):
            hits[i].update({hit.expert.expert_id: hit for hit in answer})
        considered = await self._consider(hits)
        return [
            rank(analysis, experts, self._similarity_range, least_fit=search.least_fit, limit=search.limit)
            for search, analysis, experts in zip(searches, analyses, considered, strict=True)
        ]

    async def _consider(self, found: Sequence[dict[UUID, Hit]]) -> list[list[Considered]]:
        ids = list({expert_id for hits in found for expert_id in hits})
        known, online = await asyncio.gather(self._features.features(ids), self._online(ids))
        return [
            [Considered(hit, known.get(expert_id), expert_id in online) for expert_id, hit in hits.items()]
            for hits in found
        ]

    async def _online(self, ids: Sequence[UUID]) -> set[UUID]:
        try:
            return await self._presence.online(ids)
        except RedisError as error:
            log.warning("matching without presence, since Redis is away: %s", error)
            return set()


def _embedded(search: Search) -> str:
    text = f"{search.category}: {search.content}" if search.category else search.content
    return text[:ENCODED_CHARACTERS]
