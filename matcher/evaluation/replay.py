"""Replays a timeline through retrieval, features, ranker and lists, in order, so that nothing sees the future."""

import heapq
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import NAMESPACE_URL, UUID, uuid5

import numpy as np

from matcher.encoders.contract import Vector
from matcher.evaluation.lists import Rows
from matcher.evaluation.timeline import Answer, Question, Timeline, seconds
from matcher.features import Matrix
from matcher.histories import DAY, Column
from matcher.index.answers import Answered
from matcher.lexical.sparse import document, query
from matcher.lexical.terms import Terms
from matcher.recall import Query, Recall

RATED_AFTER_DAYS = 7
"""The votes of a timeline are final ones; they count as a rating this long after the answer."""
ABOUT_DAYS = 14
"""Who answered something in this time is available, as in the timeline's own lists."""
BEST, OTHER = 3.0, 1.0


@dataclass(frozen=True, slots=True)
class Moment:
    """A question with what was known when it was asked, and who turned out to answer it."""

    question_id: UUID
    at: date
    evaluated: bool
    features: Matrix
    """Of all experts, by row."""
    candidates: Rows
    counts: Column
    """How much each row had answered."""
    gains: Column
    """By row; of questions before the cut from the answers before the cut."""
    seconds: float
    """What retrieval and features took."""


def identity(name: str) -> UUID:
    """The id of a person or a question of a timeline."""
    return uuid5(NAMESPACE_URL, name)


def stars(votes: int) -> int:
    """Votes as stars."""
    return 1 if votes < 0 else 2 if votes == 0 else 3 if votes == 1 else 4 if votes < 5 else 5


class Replay:
    """One pass over a timeline, with a new index."""

    def __init__(
        self, timeline: Timeline, recall: Recall, vectors: Mapping[str, Vector], terms: Terms
    ) -> None:
        """`vectors` are of the texts that `text_of` makes of the questions."""
        self._timeline = timeline
        self._recall = recall
        self._vectors = vectors
        self._terms = terms
        self.rows = {name: recall.histories.row(identity(name)) for name in timeline.experts}
        self._gains = _gains_before_the_cut(timeline)
        self._ratings: list[tuple[float, int, int]] = []

    def moments(
        self, text_of: Callable[[Question], str], *, available: bool, wanted: frozenset[str]
    ) -> Iterator[Moment]:
        """What was known at each of the `wanted` questions (by id) that somebody among the candidates answered."""
        asked: dict[str, Question] = {}
        given: list[tuple[Answer, Question]] = []
        for line in self._timeline.lines:
            if isinstance(line, Answer):
                if line.expert_id in self.rows and line.question_id in asked:
                    given.append((line, asked[line.question_id]))
                continue
            asked[line.question_id] = line
            if line.question_id in wanted:
                self._put(given, text_of)
                given = []
                if moment := self._moment(line, text_of(line), available=available):
                    yield moment

    def _moment(self, question: Question, text: str, *, available: bool) -> Moment | None:
        now = seconds(question.at)
        self._rate(now)
        named = question.relevant if question.evaluate else self._gains.get(question.question_id, {})
        gains = np.zeros(len(self.rows))
        for name, gain in named.items():
            if name in self.rows:
                gains[self.rows[name]] = gain
        candidates = self._candidates(question, now) if available else np.arange(len(self.rows))
        gains[np.setdiff1d(np.arange(len(gains)), candidates)] = 0
        if not gains.any() and not question.evaluate:
            return None
        ids = self._recall.histories.expert_ids
        began = time.perf_counter()
        [recalled] = self._recall.recall(
            [
                Query(
                    self._vectors[text],
                    query(self._terms.of(question.content)),
                    question.tags,
                    now,
                    only=frozenset(ids[row] for row in candidates) if available else None,
                )
            ]
        )
        took = time.perf_counter() - began
        return Moment(
            identity(question.question_id),
            question.at,
            question.evaluate,
            recalled.features.astype(np.float32).astype(np.float64),
            candidates,
            self._recall.histories.counts().copy(),
            gains,
            took,
        )

    def _candidates(self, question: Question, now: float) -> Rows:
        if question.evaluate:
            return np.array(sorted(self.rows[n] for n in question.available if n in self.rows), dtype=np.intp)
        return np.flatnonzero(self._recall.histories.since(now) <= ABOUT_DAYS)

    def _put(self, given: Sequence[tuple[Answer, Question]], text_of: Callable[[Question], str]) -> None:
        answers = [
            Answered(
                identity(q.question_id),
                identity(a.expert_id),
                max(seconds(a.at), seconds(q.at)),
                topics=q.tags,
            )
            for a, q in given
        ]
        vectors = [self._vectors[text_of(q)] for _, q in given]
        self._recall.put(answers, vectors, [document(self._terms.of(q.content)) for _, q in given])
        for answered, (answer, _) in zip(answers, given, strict=True):
            due = answered.at + RATED_AFTER_DAYS * DAY
            heapq.heappush(self._ratings, (due, answered.answer_id, stars(answer.votes)))

    def _rate(self, now: float) -> None:
        while self._ratings and self._ratings[0][0] <= now:
            _, answer_id, given = heapq.heappop(self._ratings)
            self._recall.histories.rate(answer_id, given)


def first_answers(timeline: Timeline, rows: Mapping[str, int]) -> dict[int, date]:
    """The day of each candidate's first answer, by row."""
    found: dict[int, date] = {}
    for line in timeline.lines:
        if isinstance(line, Answer) and line.expert_id in rows:
            found.setdefault(rows[line.expert_id], line.at)
    return found


def _gains_before_the_cut(timeline: Timeline) -> dict[str, dict[str, float]]:
    """By question and expert, from the answers before the cut: the one with the most votes was the best."""
    answers: dict[str, list[Answer]] = {}
    for line in timeline.lines:
        if isinstance(line, Answer) and line.at < timeline.cut:
            answers.setdefault(line.question_id, []).append(line)
    gains: dict[str, dict[str, float]] = {}
    for question_id, given in answers.items():
        best = max(given, key=lambda answer: answer.votes)
        gains[question_id] = {answer.expert_id: OTHER for answer in given} | {best.expert_id: BEST}
    return gains
