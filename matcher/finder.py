"""From questions to ranked experts: encode together, retrieve, gather what is known, rank. The only order there is."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from redis.exceptions import RedisError

from infra.clock import now
from matcher.analysis import Analysis, analyse
from matcher.analysts.contract import Analysed
from matcher.encoders.contract import Encoder, Vectors
from matcher.encoders.worker import EncoderThread
from matcher.histories import Column
from matcher.index.contract import ExpertIndex, Hit, Wanted
from matcher.lexical.sparse import query
from matcher.lexical.terms import Terms
from matcher.rankers import HAND_SET, Ranker
from matcher.ranking import (
    BENCH,
    NO_HISTORY,
    RANKER,
    Considered,
    History,
    Ranked,
    history_of,
    rank,
)
from matcher.recall import Query, Recall
from matcher.spelling import Spelt, by_spelling
from matcher.texts import encoded_text, lexical_text, topics_of
from schemas.events.question import ModelRef
from schemas.port import FeatureSource, Presence

log = logging.getLogger(__name__)

FROM_ANSWERS = 60
"""Experts looked at for what they have answered, besides those whose profiles are near."""


_Past = tuple[History, Column]
"""What somebody has answered: for the hand-set weights, and their row of `matcher.features.HISTORY`."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for, among whom, and how wide."""

    content: str
    category: str | None
    wanted: Wanted
    """Its `limit` is how many experts are looked at."""
    least_fit: float = 0.0
    limit: int = BENCH
    """How many are returned."""
    at: float | None = None
    """When it is asked, in Unix seconds; None for now."""
    ranker: Ranker = HAND_SET
    analysed: Analysed | None = None
    """What is known of the text already; None to find it out."""
    spelt: Mapping[UUID, Spelt] = field(default_factory=dict)
    """Experts to look at for how their specialties are spelt."""
    within: str | None = None
    """Only those with this in the name of a specialty."""


class Finder:
    """Finds experts for questions. Changes nothing."""

    def __init__(
        self,
        thread: EncoderThread,
        encoder: Encoder,
        index: ExpertIndex,
        features: FeatureSource,
        presence: Presence,
        recall: Recall | None = None,
        terms: Terms | None = None,
    ) -> None:
        """`encoder` is the one that `thread` runs; only its description is used here. Without `recall` nothing is
        known of what experts have answered."""
        self._thread = thread
        self._similarity_range = encoder.similarity_range
        self._index = index
        self._features = features
        self._presence = presence
        self._recall = recall
        self._terms = terms or Terms()
        self.model = ModelRef(encoder=encoder.identity, index=index.engine, ranker=RANKER)

    async def find(self, searches: Sequence[Search]) -> list[list[Ranked]]:
        """The ranking of each search, best first. The texts are encoded in one go."""
        analyses = [
            search.analysed.analysis if search.analysed else analyse(search.content, search.category)
            for search in searches
        ]
        vectors = await self._vectors(searches)
        hits, histories = await asyncio.to_thread(self._look, searches, analyses, vectors)
        considered = await self._consider(hits, histories)
        return [
            self._ranked(search, analysis, experts)[: search.limit]
            for search, analysis, experts in zip(searches, analyses, considered, strict=True)
        ]

    def _look(
        self, searches: Sequence[Search], analyses: Sequence[Analysis], vectors: Vectors
    ) -> tuple[list[dict[UUID, Hit]], list[dict[UUID, _Past]]]:
        """For each search the experts to look at, and what they have answered. All that asks the indexes; not in parts on
        several threads, since the embedded engine lets none run beside it."""
        # Twice for each: by vector alone, and among those whose specialties share a word with the question.
        lexical = [
            Wanted(w.limit, w.free, w.demo, w.excluded, analysis.words)
            for w, analysis in zip((search.wanted for search in searches), analyses, strict=True)
        ]
        with_words = [
            i for i, analysis in enumerate(analyses) if analysis.words and not searches[i].wanted.any_term
        ]
        found = self._index.search(
            vectors[[*range(len(searches)), *with_words]],
            [search.wanted for search in searches] + [lexical[i] for i in with_words],
        )
        hits = [{hit.expert.expert_id: hit for hit in answer} for answer in found[: len(searches)]]
        for i, answer in zip(with_words, found[len(searches) :], strict=True):
            hits[i].update({hit.expert.expert_id: hit for hit in answer})
        self._add_spelt(searches, hits)
        return hits, self._remember(searches, vectors, hits)

    def _ranked(self, search: Search, analysis: Analysis, experts: Sequence[Considered]) -> list[Ranked]:
        ranking = search.ranker.again(
            rank(analysis, experts, self._similarity_range, least_fit=search.least_fit, limit=None)
        )
        if search.spelt:
            ranking = by_spelling(ranking, search.spelt)
        return [one for one in ranking if _is_within(one, search.within)] if search.within else ranking

    async def _vectors(self, searches: Sequence[Search]) -> Vectors:
        known = [search.analysed.vector for search in searches if search.analysed]
        if searches and len(known) == len(searches):
            return np.stack(known)
        return await self._thread.queries(
            [encoded_text(search.content, search.category) for search in searches]
        )

    def _remember(
        self, searches: Sequence[Search], vectors: Vectors, found: Sequence[dict[UUID, Hit]]
    ) -> list[dict[UUID, _Past]]:
        """What experts have answered that bears on each search; those it speaks for are added to `found`."""
        if self._recall is None:
            return [{} for _ in searches]
        queries = [
            Query(
                vector,
                query(self._terms.of(lexical_text(search.content, search.category))),
                topics_of(search.category),
                now().timestamp() if search.at is None else search.at,
                free=search.wanted.free,
                demo=search.wanted.demo,
                excluded=search.wanted.excluded,
            )
            for search, vector in zip(searches, vectors, strict=True)
        ]
        histories = []
        recalls = self._recall.recall_some(queries, found, FROM_ANSWERS)
        for search, recalled, hits in zip(searches, recalls, found, strict=True):
            rows = {expert_id: row for row, expert_id in enumerate(recalled.expert_ids)}
            self._add(search.wanted, [one for one in rows if one not in hits], hits)
            histories.append(
                {
                    expert_id: (
                        history_of(recalled.features[rows[expert_id]], recalled.counts[rows[expert_id]]),
                        recalled.features[rows[expert_id]],
                    )
                    for expert_id in hits
                    if expert_id in rows
                }
            )
        return histories

    def _add_spelt(self, searches: Sequence[Search], found: Sequence[dict[UUID, Hit]]) -> None:
        for search, hits in zip(searches, found, strict=True):
            if missing := [one for one in search.spelt if one not in hits]:
                self._add(search.wanted, missing, hits)

    def _add(self, wanted: Wanted, expert_ids: Sequence[UUID], hits: dict[UUID, Hit]) -> None:
        """Add experts whose profiles were not among the nearest, as near as the farthest of those at most."""
        least = min((hit.similarity for hit in hits.values()), default=self._similarity_range[0])
        for expert_id, expert in self._index.get(expert_ids).items():
            free = expert.available and not expert.at_capacity
            if (
                expert_id not in wanted.excluded
                and (free or not wanted.free)
                and (wanted.demo or not expert.demo)
                and (not wanted.any_term or not wanted.any_term.isdisjoint(expert.terms))
            ):
                hits[expert_id] = Hit(expert, least)

    async def _consider(
        self, found: Sequence[dict[UUID, Hit]], histories: Sequence[Mapping[UUID, _Past]]
    ) -> list[list[Considered]]:
        ids = list({expert_id for hits in found for expert_id in hits})
        known, online = await asyncio.gather(self._features.features(ids), self._online(ids))
        return [
            [
                Considered(
                    hit,
                    known.get(expert_id),
                    expert_id in online,
                    *history.get(expert_id, (NO_HISTORY, None)),
                )
                for expert_id, hit in hits.items()
            ]
            for hits, history in zip(found, histories, strict=True)
        ]

    async def _online(self, ids: Sequence[UUID]) -> set[UUID]:
        try:
            return await self._presence.online(ids)
        except RedisError as error:
            log.warning("matching without presence, since Redis is away: %s", error)
            return set()


def _is_within(ranked: Ranked, category: str | None) -> bool:
    wanted = (category or "").lower()
    return any(wanted in one.name.lower() for one in ranked.considered.hit.expert.expertise)
