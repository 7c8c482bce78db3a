"""The lists that are made of rankings in a replay, by the rules of `matcher.fairness`, and what came of them. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import numpy as np
import numpy.typing as npt

from matcher.fairness import ASKED, Lists, Tried, trial
from matcher.histories import Column

Rows = npt.NDArray[np.intp]


@dataclass(slots=True)
class Replayed:
    """Makes lists one after another, as the offers of a running system would."""

    lists: Lists = field(default_factory=Lists)
    tries: Counter[int] = field(default_factory=Counter)
    asked_first: dict[int, date] = field(default_factory=dict)
    """The day somebody new was first asked, by row."""

    def order(
        self,
        question_id: UUID,
        day: date,
        margins: Column,
        candidates: Rows,
        counts: Column,
        *,
        explore: bool,
    ) -> list[int]:
        """The rows of `candidates`, those who are asked first; `counts` says how much each row has answered."""
        new = [int(row) for row in candidates if counts[row] <= 0] if explore else []
        tried = trial([Tried(row, refused=self.tries[row]) for row in new], question_id)
        order = self.lists.order(margins, candidates, tried)
        for row in order[:ASKED]:
            if counts[row] <= 0:
                self.tries[row] += 1
                self.asked_first.setdefault(row, day)
        return order


def top_share(asked: Iterable[Iterable[int]]) -> float:
    """The share of the lists that the most-asked expert stands in."""
    lists = [set(one) for one in asked]
    counts = Counter(row for one in lists for row in one)
    return round(max(counts.values(), default=0) / len(lists), 4) if lists else 0.0


def reached(first_answers: Mapping[int, date], asked_first: Mapping[int, date]) -> float:
    """Of those who answered for the first time, the share who had been asked by that day."""
    if not first_answers:
        return 0.0
    found = sum(1 for row, day in first_answers.items() if row in asked_first and asked_first[row] <= day)
    return round(found / len(first_answers), 4)
