"""From a question to the features of everybody who has answered something: retrieval, then late aggregation.

The same for a live question and for one of a timeline that is judged.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

import numpy as np

from matcher.aggregation import Hits, aggregate
from matcher.encoders.contract import Vector
from matcher.features import Asked, Matrix, history_features, speaking_features
from matcher.histories import DAY, Column, Histories
from matcher.index.answers import Answered, AnswerIndex, Sought
from matcher.lexical.sparse import Sparse
from matcher.ranking import nearest_rows

NEAREST = 300
"""Answers looked at by each of the four searches."""
LATELY_DAYS = 180.0
"""How far back the searches for recent answers look."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question to find answerers for, and among whom."""

    vector: Vector
    terms: Sparse
    topics: Sequence[str]
    at: float
    """Unix seconds."""
    free: bool = True
    demo: bool = True
    excluded: frozenset[UUID] = frozenset()
    only: frozenset[UUID] | None = None


@dataclass(frozen=True, slots=True)
class Recalled:
    """The features of experts, each in a row of its own."""

    expert_ids: Sequence[UUID]
    features: Matrix
    """Shape (experts, len(HISTORY))."""
    counts: Column
    """How many questions each has answered."""


class Recall:
    """The index of answered questions with the histories made from it. Threads may share one."""

    def __init__(self, index: AnswerIndex, dim: int, similarity_range: tuple[float, float]) -> None:
        """`similarity_range` is the encoder's; `dim` the length of its vectors."""
        self.index = index
        self.histories = Histories(dim)
        self._unrelated = similarity_range[0]
        self._lock = Lock()

    def load(self) -> None:
        """Make the histories from what the index holds."""
        for page in self.index.pages():
            with self._lock:
                for answered, vector in zip(page.answers, page.vectors, strict=True):
                    self.histories.add(answered, vector)
        with self._lock:
            self.histories.settle()

    def put(self, answers: Sequence[Answered], vectors: Sequence[Vector], terms: Sequence[Sparse]) -> None:
        """Answers that were given."""
        if not answers:
            return
        # As histories keep them, so that those made from the index are the same.
        kept = np.stack(vectors).astype(np.float16).astype(np.float32)
        self.index.put(answers, kept, terms)
        with self._lock:
            for answered, vector in zip(answers, kept, strict=True):
                self.histories.add(answered, vector)

    def rate(self, answered: Answered, stars: int) -> None:
        """An answer was rated, or rated anew."""
        self.index.rate(answered.answer_id, stars)
        with self._lock:
            self.histories.rate(answered.answer_id, stars)

    def set_free(self, expert_id: UUID, free: bool) -> None:
        """An expert may be asked from now on, or no longer."""
        if self.histories.knows(expert_id):
            self.index.set_free(expert_id, free)

    def remove_question(self, question_id: UUID) -> None:
        """A question was withdrawn."""
        self.index.remove_question(question_id)
        with self._lock:
            self.histories.remove_question(question_id)

    def remove_person(self, user_id: UUID) -> None:
        """A person was erased."""
        self.index.remove_person(user_id)
        with self._lock:
            self.histories.remove_person(user_id)

    def recall(self, queries: Sequence[Query]) -> list[Recalled]:
        """For each question what is known of all who have answered something."""
        recalled = []
        for query, hits in self._found(queries):
            asked = Asked(query.vector, query.topics, query.at)
            with self._lock:
                aggregated = aggregate(self.histories, hits, query.at, self._unrelated)
                features = history_features(self.histories, asked, aggregated, self._unrelated)
                recalled.append(
                    Recalled(list(self.histories.expert_ids), features, self.histories.counts().copy())
                )
        return recalled

    def recall_some(
        self, queries: Sequence[Query], near: Sequence[Collection[UUID]], most: int
    ) -> list[Recalled]:
        """For each question what is known of the experts in `near` of the same place, as far as they have answered
        something, and of those whose answers speak most for them, `most` at most."""
        recalled = []
        for (query, hits), wanted in zip(self._found(queries), near, strict=True):
            asked = Asked(query.vector, query.topics, query.at)
            with self._lock:
                histories = self.histories
                aggregated = aggregate(histories, hits, query.at, self._unrelated)
                speaking = speaking_features(histories, asked, aggregated)
                known = (histories.row_of(expert_id) for expert_id in wanted)
                rows = np.array(
                    list(
                        dict.fromkeys(
                            [
                                *nearest_rows(speaking, most, histories.expert_ids),
                                *(row for row in known if row is not None),
                            ]
                        )
                    ),
                    dtype=np.intp,
                )
                features = history_features(histories, asked, aggregated, self._unrelated, rows)
                recalled.append(
                    Recalled([histories.expert_ids[row] for row in rows], features, histories.counts(rows))
                )
        return recalled

    def _found(self, queries: Sequence[Query]) -> Iterator[tuple[Query, Hits]]:
        found = self.index.search([sought for query in queries for sought in _searches(query)])
        for i, query in enumerate(queries):
            yield query, dict(zip(_SEARCHES, found[4 * i : 4 * i + 4], strict=True))


_SEARCHES = ("dense", "dense_recent", "lexical", "lexical_recent")


def _searches(query: Query) -> list[Sought]:
    lately = query.at - LATELY_DAYS * DAY

    def sought(since: float | None, *, dense: bool) -> Sought:
        return Sought(
            NEAREST,
            dense=query.vector if dense else None,
            sparse=None if dense else query.terms,
            free=query.free,
            demo=query.demo,
            excluded=query.excluded,
            only=query.only,
            since=since,
        )

    return [
        sought(None, dense=True),
        sought(lately, dense=True),
        sought(None, dense=False),
        sought(lately, dense=False),
    ]
