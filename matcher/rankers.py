"""The rankers that can be live: the hand-set weights, or a learned one that ranks again what those have scored. Pure.

A learned ranker's score is the logistic of its margin. What speaks for a candidate in it (SHAP) is told by the names
of the hand-set features, as shares that sum to the score.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from matcher.features import NOTHING_ANSWERED, Matrix
from matcher.histories import Column
from matcher.learned import COLUMNS, PROFILE, LambdaMart
from matcher.ranking import RANKER, WEIGHTS, Ranked

_STARTS = {
    "recent_": "recent_activity",
    "freshness": "recent_activity",
    "tenure": "recent_activity",
    "answered": "recent_activity",
    "praised": "rating",
    "lexical": "words_answered",
    "topic": "topic_answers",
}


def _told_as(column: str) -> str:
    name = column.removeprefix("place_")
    if name in PROFILE:
        return name
    return next((told for start, told in _STARTS.items() if name.startswith(start)), "similar_answers")


TOLD_AS: Mapping[str, str] = MappingProxyType({column: _told_as(column) for column in COLUMNS})
"""By column of a learned ranker, the hand-set feature under whose name its share is told."""


@dataclass(frozen=True, slots=True)
class Ranker:
    """One that ranks, under the name that matches record."""

    version: str = RANKER
    model: LambdaMart | None = None
    """None for the hand-set weights."""

    def again(self, ranking: Sequence[Ranked]) -> list[Ranked]:
        """What the hand-set weights have scored with this ranker's scores and shares, best first."""
        if self.model is None or not ranking:
            return list(ranking)
        history, profile = history_of(ranking), profile_of(ranking)
        scores = 1.0 / (1.0 + np.exp(-self.model.margins(history, profile)))
        shares = self.model.contributions(history, profile)[:, :-1]
        found = [
            replace(one, score=float(score), contributions=_shares(one, row, float(score)))
            for one, score, row in zip(ranking, scores, shares, strict=True)
        ]
        return sorted(found, key=lambda one: (-one.score, one.expert_id.bytes))


HAND_SET = Ranker()


def history_of(ranking: Sequence[Ranked]) -> Matrix:
    """What each has answered; shape (candidates, len(HISTORY))."""
    rows = [one.considered.past for one in ranking]
    return np.stack([NOTHING_ANSWERED if row is None else row for row in rows])


def profile_of(ranking: Sequence[Ranked]) -> Matrix:
    """The other features; shape (candidates, len(PROFILE))."""
    return np.array([[one.values[name] for name in PROFILE] for one in ranking])


def _shares(one: Ranked, row: Column, score: float) -> dict[str, float]:
    """What speaks for a candidate, by hand-set feature, as shares of `score`; if nothing does, as the hand-set weights
    would have it."""
    told = dict.fromkeys(WEIGHTS, 0.0)
    for column, share in zip(COLUMNS, row, strict=True):
        told[TOLD_AS[column]] += float(share)
    speaking = {name: share if share > 0 and one.values[name] > 0 else 0.0 for name, share in told.items()}
    if not any(speaking.values()):
        speaking = dict(one.contributions)
    whole = sum(speaking.values())
    return {name: share / whole * score if whole else 0.0 for name, share in speaking.items()}
