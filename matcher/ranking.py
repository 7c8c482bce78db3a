"""The first ranking: a weighted sum of features, each from 0 to 1. Pure and the same every time.

What is known only from a few cases is pulled towards what is usual (Bayesian shrinkage), so that one five-star
rating does not beat fifty of 4.8, and somebody new stands in the middle.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

import numpy as np

from matcher.analysis import Analysis, overlap
from matcher.features import HISTORY
from matcher.histories import Column
from matcher.index.contract import Expertise, Hit
from schemas.ids import HAND_SET_RANKER
from schemas.port import ExpertFeatures

RANKER = HAND_SET_RANKER
"""Names these weights and features in every match; a change of either makes a new name."""

BENCH = 20
"""Most candidates of one round: the experts offered at once, and those who come after a decline or an expiry."""

WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "similarity": 0.33,
        "specialty": 0.18,
        "similar_answers": 0.12,
        "words_answered": 0.06,
        "recent_activity": 0.05,
        "topic_answers": 0.03,
        "rating": 0.08,
        "response_rate": 0.04,
        "response_time": 0.03,
        "online": 0.04,
        "load": 0.02,
        "availability": 0.02,
    }
)
"""They sum to 1, so a score lies between 0 and 1."""

_USUAL_STARS, _STARS_WEIGHT = 3.8, 5
_USUAL_ANSWERED, _ANSWERED_WEIGHT = 0.6, 4
_USUAL_SECONDS, _SECONDS_WEIGHT = 240.0, 2
_HALF_SECONDS = 240.0
"""A mean response after this long counts half."""


@dataclass(frozen=True, slots=True)
class Breadth:
    """How wide one round searches: how many experts are looked at, and how far they must fit to be candidates."""

    looked_at: int
    least_fit: float
    """Of the better of similarity and specialty."""


def breadth_of(round_number: int) -> Breadth:
    """Each round is wider than the one before; the last takes whoever is nearest."""
    if round_number <= 1:
        return Breadth(looked_at=60, least_fit=0.25)
    if round_number == 2:
        return Breadth(looked_at=120, least_fit=0.10)
    return Breadth(looked_at=240, least_fit=0.0)


@dataclass(frozen=True, slots=True)
class History:
    """What an expert has answered, as far as it bears on a question; each from 0 to 1 but the count."""

    similar: float = 0.0
    words: float = 0.0
    recent: float = 0.0
    topic: float = 0.0
    count: int = 0
    """All questions answered."""


NO_HISTORY = History()
_SIMILAR, _WORDS = HISTORY.index("dense_60"), HISTORY.index("lexical_60")
_RECENT, _TOPIC = HISTORY.index("recent_14"), HISTORY.index("topic_recent")


def history_of(features: Column, count: float) -> History:
    """From an expert's row of `matcher.features.HISTORY`."""
    similar, words, recent, topic = (float(features[at]) for at in (_SIMILAR, _WORDS, _RECENT, _TOPIC))
    return History(similar, words, recent, topic, int(count))


def nearest_rows(speaking: Mapping[str, Column], limit: int, expert_ids: Sequence[UUID]) -> list[int]:
    """The rows of those whose answers speak most for them, by `matcher.features.speaking_features`; of those alike,
    in the order of their ids, which are `expert_ids` by row."""
    sums = (
        WEIGHTS["similar_answers"] * speaking["dense_60"]
        + WEIGHTS["words_answered"] * speaking["lexical_60"]
        + WEIGHTS["recent_activity"] * speaking["recent_14"]
        + WEIGHTS["topic_answers"] * speaking["topic_recent"]
    )
    least = np.partition(sums, -limit)[-limit] if len(sums) > limit else 0.0
    rows = np.flatnonzero((sums > 0) & (sums >= least)).tolist()
    return sorted(rows, key=lambda row: (-sums[row], expert_ids[row].bytes))[:limit]


@dataclass(frozen=True, slots=True)
class Considered:
    """One expert with all that the ranking looks at."""

    hit: Hit
    features: ExpertFeatures | None
    """None while the views do not know the expert yet."""
    online: bool
    history: History = NO_HISTORY
    past: Column | None = None
    """Their row of `matcher.features.HISTORY`; None for somebody who has answered nothing."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """An expert's score, with each feature's value and its contribution; the contributions sum to the score."""

    expert_id: UUID
    display_name: str
    score: float
    values: Mapping[str, float]
    contributions: Mapping[str, float]
    best: Expertise | None
    """The specialty that fits the question best, if one does."""
    considered: Considered

    @property
    def fit(self) -> float:
        """How far what they know fits, whoever they are."""
        return max(self.values[name] for name in ("similarity", "specialty", "similar_answers"))


def rank(
    analysis: Analysis,
    considered: Iterable[Considered],
    similarity_range: tuple[float, float],
    *,
    least_fit: float = 0.0,
    limit: int | None = BENCH,
) -> list[Ranked]:
    """The best `limit` of those who fit, best first; equal scores stand in the order of ids.

    `similarity_range` is the encoder's: the cosines of texts that have nothing to do with each other, and of a
    question and a profile that fit.
    """
    scored = [score(analysis, one, similarity_range) for one in considered]
    fitting = [one for one in scored if one.fit >= least_fit]
    return sorted(fitting, key=lambda one: (-one.score, one.expert_id.bytes))[:limit]


def score(analysis: Analysis, one: Considered, similarity_range: tuple[float, float]) -> Ranked:
    """Score one expert."""
    best, specialty = _best_specialty(one.hit.expert.expertise, analysis.words)
    known = one.features
    values = {
        "similarity": _scaled(one.hit.similarity, similarity_range),
        "specialty": specialty,
        "similar_answers": one.history.similar,
        "words_answered": one.history.words,
        "recent_activity": one.history.recent,
        "topic_answers": one.history.topic,
        "rating": rating_value(known.rating_sum, known.rating_count) if known else rating_value(0, 0),
        "response_rate": _response_rate(known),
        "response_time": _response_time(known),
        "online": float(one.online),
        "load": _load(one),
        "availability": float(known.available if known else one.hit.expert.available),
    }
    contributions = {name: weight * values[name] for name, weight in WEIGHTS.items()}
    return Ranked(
        expert_id=one.hit.expert.expert_id,
        display_name=one.hit.expert.display_name,
        score=sum(contributions.values()),
        values=values,
        contributions=contributions,
        best=best,
        considered=one,
    )


def rating_value(rating_sum: int, count: int) -> float:
    """The mean of the stars, shrunk towards the usual one, from 0 (one star) to 1 (five)."""
    mean = (rating_sum + _USUAL_STARS * _STARS_WEIGHT) / (count + _STARS_WEIGHT)
    return _clipped((mean - 1) / 4)


def _best_specialty(expertise: Sequence[Expertise], words: frozenset[str]) -> tuple[Expertise | None, float]:
    fits = [(overlap(one, words) * one.level / 5, one) for one in expertise]
    value, best = max(fits, key=lambda fit: fit[0], default=(0.0, None))
    return (best, _clipped(value)) if value > 0 else (None, 0.0)


def _response_rate(known: ExpertFeatures | None) -> float:
    answered = known.accepted + known.declined if known else 0
    closed = answered + known.expired if known else 0
    return _clipped((answered + _USUAL_ANSWERED * _ANSWERED_WEIGHT) / (closed + _ANSWERED_WEIGHT))


def _response_time(known: ExpertFeatures | None) -> float:
    answered = known.accepted + known.declined if known else 0
    seconds = max(known.response_seconds_sum, 0.0) if known else 0.0
    mean = (seconds + _USUAL_SECONDS * _SECONDS_WEIGHT) / (answered + _SECONDS_WEIGHT)
    return _HALF_SECONDS / (_HALF_SECONDS + mean)


def _load(one: Considered) -> float:
    """1 with nothing to do, 0 at capacity; an open offer counts as half a room."""
    known = one.features
    rooms = known.open_rooms + known.open_offers / 2 if known else float(one.hit.expert.open_rooms)
    capacity = known.capacity if known else one.hit.expert.capacity
    return _clipped(1 - rooms / capacity) if capacity > 0 else 0.0


def _scaled(similarity: float, bounds: tuple[float, float]) -> float:
    low, high = bounds
    return _clipped((similarity - low) / (high - low))


def _clipped(value: float) -> float:
    return min(max(value, 0.0), 1.0)
