"""What each expert has answered, as sums that fade: how much lately, about what, and how it was rated. Pure.

Kept in memory by columns, so that one look at all experts is a few array operations. It is made from the points of
the index of answered questions and in any order comes out the same to the last bit: an expert's answers are added up
in the order of their times, and where one came late or went, from the first on again.
"""

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt

from matcher.encoders.contract import Vector
from matcher.index.answers import Answered

DAY = 86_400.0
HALF_LIVES = (1.0, 3.0, 7.0, 14.0, 30.0, 60.0, 120.0, 365.0)
"""In days: an answer this old counts half in the sum of that name."""
VECTOR_HALF_LIFE = 60.0
TOPIC_HALF_LIFE = 60.0

Column = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]


@dataclass(slots=True)
class _Known:
    """An answer that is counted."""

    row: int
    at: float
    stars: int
    topics: tuple[str, ...]
    question_id: UUID
    vector: Vector
    asker_id: UUID


@dataclass(slots=True)
class _OnTopic:
    """An expert's answers under one topic: how many, and their faded sum as of `at`."""

    count: float = 0.0
    faded: float = 0.0
    at: float = 0.0


class Histories:
    """The experts who have answered something. Adding what is there already changes nothing."""

    def __init__(self, dim: int) -> None:
        """`dim` is that of the questions' vectors."""
        self._rows: dict[UUID, int] = {}
        self._ids: list[UUID] = []
        self._known: dict[int, _Known] = {}
        self._of_question: dict[UUID, set[int]] = {}
        self._of_row: list[list[tuple[float, int]]] = []
        self._unsettled: set[int] = set()
        self._topics: dict[str, dict[int, _OnTopic]] = {}
        self._last = np.full(0, -np.inf)
        self._first = np.full(0, np.inf)
        self._count = np.zeros(0)
        self._stars = np.zeros(0)
        self._rated = np.zeros(0)
        self._sum_norms = np.zeros(0)
        self._recent_norms = np.zeros(0)
        self._faded = np.zeros((0, len(HALF_LIVES)))
        self._sums = np.zeros((0, dim), dtype=np.float32)
        self._recent = np.zeros((0, dim), dtype=np.float32)

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def expert_ids(self) -> Sequence[UUID]:
        """By row."""
        return self._ids

    def knows(self, expert_id: UUID) -> bool:
        """Whether the expert has a row."""
        return expert_id in self._rows

    def row_of(self, expert_id: UUID) -> int | None:
        """The row of an expert who has one."""
        return self._rows.get(expert_id)

    def row(self, expert_id: UUID) -> int:
        """The row of an expert, who gets one if they have none."""
        found = self._rows.get(expert_id)
        if found is None:
            found = self._rows[expert_id] = len(self._ids)
            self._ids.append(expert_id)
            self._of_row.append([])
            if found >= len(self._last):
                self._grow()
        return found

    def add(self, answered: Answered, vector: Vector) -> None:
        """Count an answer; its rating too if it has one."""
        if answered.answer_id in self._known:
            return self.rate(answered.answer_id, answered.stars)
        row = self.row(answered.expert_id)
        known = _Known(
            row,
            answered.at,
            0,
            answered.topics,
            answered.question_id,
            np.asarray(vector, np.float16),
            answered.asker_id,
        )
        self._known[answered.answer_id] = known
        self._of_question.setdefault(answered.question_id, set()).add(answered.answer_id)
        theirs, place = self._of_row[row], (answered.at, answered.answer_id)
        if theirs and place < theirs[-1]:
            insort(theirs, place)
            self._unsettled.add(row)
        else:
            theirs.append(place)
            if row not in self._unsettled:
                self._count_last(known)
        return self.rate(answered.answer_id, answered.stars)

    def rate(self, answer_id: int, stars: int) -> None:
        """Change the rating of an answer; 0 stars take it back."""
        known = self._known.get(answer_id)
        if known is not None and known.stars != stars:
            self._stars[known.row] += stars - known.stars
            self._rated[known.row] += float(stars > 0) - float(known.stars > 0)
            known.stars = stars

    def remove_question(self, question_id: UUID) -> None:
        """Forget the answers to a question."""
        for answer_id in self._of_question.pop(question_id, ()):
            self._forget(answer_id)

    def remove_person(self, user_id: UUID) -> None:
        """Forget the answers a person gave, and those to their questions. Looks at everything, as it comes seldom."""
        row = self._rows.get(user_id)
        theirs = [one for one, known in self._known.items() if known.row == row or known.asker_id == user_id]
        for answer_id in theirs:
            of_question = self._of_question[self._known[answer_id].question_id]
            of_question.discard(answer_id)
            self._forget(answer_id)

    def _forget(self, answer_id: int) -> None:
        self.rate(answer_id, 0)
        known = self._known.pop(answer_id)
        theirs = self._of_row[known.row]
        del theirs[bisect_left(theirs, (known.at, answer_id))]
        for topic in known.topics:
            self._topics.get(topic, {}).pop(known.row, None)
        self._unsettled.add(known.row)

    def settle(self) -> None:
        """Add up again the answers of those whose sums are not of all of them in order; reading does it too."""
        while self._unsettled:
            row = self._unsettled.pop()
            theirs = [self._known[answer_id] for _, answer_id in self._of_row[row]]
            self._count[row], self._first[row], self._last[row] = 0.0, np.inf, -np.inf
            self._faded[row], self._sums[row], self._recent[row] = 0.0, 0.0, 0.0
            self._sum_norms[row] = self._recent_norms[row] = 0.0
            for topic in {topic for known in theirs for topic in known.topics}:
                self._topics.get(topic, {}).pop(row, None)
            for known in theirs:
                self._count_last(known)

    def answers(self, answer_ids: Sequence[int]) -> tuple[Rows, Column, npt.NDArray[np.bool_]]:
        """Row and time (Unix seconds) of each answer, and whether it is known; of others row and time are 0."""
        known = [self._known.get(answer_id) for answer_id in answer_ids]
        rows = np.array([one.row if one else 0 for one in known], dtype=np.intp)
        at = np.array([one.at if one else 0.0 for one in known])
        return rows, at, np.array([one is not None for one in known], dtype=bool)

    # What follows is of everybody, by row, or of the experts at `rows` only.

    def faded(self, now: float, rows: Rows | None = None) -> npt.NDArray[np.float64]:
        """Answers of each expert that count less with age; shape (experts, half-lives)."""
        at = self._at(rows)
        age = np.maximum(now - self._last[at], 0.0)[:, None] / DAY
        fading: npt.NDArray[np.float64] = np.exp2(-age / np.array(HALF_LIVES))
        return np.maximum(self._faded[at], 0.0) * fading

    def faded_by(self, half_life: float, now: float) -> Column:
        """The column of `faded` for one of `HALF_LIVES`, of everybody."""
        self.settle()
        column = self._faded[: len(self), HALF_LIVES.index(half_life)]
        fading: Column = np.exp2(np.minimum(self._last[: len(self)] - now, 0.0) / (DAY * half_life))
        return np.maximum(column, 0.0) * fading

    def since(self, now: float, rows: Rows | None = None) -> Column:
        """Days since each expert's last answer; infinite for none."""
        return np.maximum(now - self._last[self._at(rows)], 0.0) / DAY

    def tenure(self, now: float, rows: Rows | None = None) -> Column:
        """Days since each expert's first answer; 0 for none."""
        return np.maximum(now - self._first[self._at(rows)], 0.0) / DAY

    def counts(self, rows: Rows | None = None) -> Column:
        """How many questions each expert has answered."""
        return self._count[self._at(rows)]

    def ratings(self, rows: Rows | None = None) -> tuple[Column, Column]:
        """Sum of the stars, and number of ratings, of each expert."""
        return self._stars[self._at(rows)], self._rated[self._at(rows)]

    def similarity(self, vector: Vector, rows: Rows | None = None, *, recent: bool) -> Column:
        """Cosine of a question and the mean of what each expert answered, lately if `recent`; 0 for none."""
        at = self._at(rows)
        sums = (self._recent if recent else self._sums)[at]
        # Fading shortens a sum but does not turn it, so norms change only with answers.
        norms = (self._recent_norms if recent else self._sum_norms)[at]
        # Not `@`, which rounds a row by where it stands.
        cosines = np.einsum("ij,j->i", sums, vector) / np.where(norms > 1e-6, norms, 1.0)
        return np.where(norms > 1e-6, cosines, 0.0).astype(np.float64)

    def on_topics(self, topics: Sequence[str], now: float) -> tuple[Column, Column]:
        """Each expert's answers under any of `topics`: how many, and faded."""
        self.settle()
        counts, faded = np.zeros(len(self)), np.zeros(len(self))
        for topic in topics:
            for row, held in self._topics.get(topic, {}).items():
                counts[row] += held.count
                faded[row] += held.faded * 2.0 ** (-max(now - held.at, 0.0) / DAY / TOPIC_HALF_LIFE)
        return counts, faded

    def _at(self, rows: Rows | None) -> Rows | slice:
        self.settle()
        return slice(len(self)) if rows is None else rows

    def _count_last(self, known: _Known) -> None:
        """Add an answer that is later than all of its expert's that are counted, and let the sums stand for its time."""
        row, vector = known.row, known.vector.astype(np.float32)
        if self._count[row]:
            age = (known.at - self._last[row]) / DAY
            self._faded[row] *= np.exp2(-age / np.array(HALF_LIVES))
            self._recent[row] *= np.float32(2.0 ** (-age / VECTOR_HALF_LIFE))
        else:
            self._first[row] = known.at
        self._last[row] = known.at
        self._count[row] += 1.0
        self._faded[row] += 1.0
        self._sums[row] += vector
        self._recent[row] += vector
        self._sum_norms[row] = np.linalg.norm(self._sums[row])
        self._recent_norms[row] = np.linalg.norm(self._recent[row])
        for topic in known.topics:
            held = self._topics.setdefault(topic, {}).setdefault(row, _OnTopic())
            held.faded = held.faded * 2.0 ** ((held.at - known.at) / DAY / TOPIC_HALF_LIFE) + 1.0
            held.count += 1.0
            held.at = known.at

    def _grow(self) -> None:
        more = max(64, len(self._last))

        def longer(column: npt.NDArray[np.float64], value: float = 0.0) -> npt.NDArray[np.float64]:
            return np.concatenate([column, np.full((more, *column.shape[1:]), value)])

        self._last, self._first = longer(self._last, -np.inf), longer(self._first, np.inf)
        self._count, self._stars, self._rated = (longer(c) for c in (self._count, self._stars, self._rated))
        self._sum_norms, self._recent_norms = longer(self._sum_norms), longer(self._recent_norms)
        self._faded = longer(self._faded)
        empty = np.zeros((more, self._sums.shape[1]), dtype=np.float32)
        self._sums, self._recent = np.concatenate([self._sums, empty]), np.concatenate([self._recent, empty])
