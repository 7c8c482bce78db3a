"""Figures of rankings, with bootstrap intervals. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
_RESAMPLES = 1_000


@dataclass(frozen=True, slots=True)
class Judged:
    """One ranking: the place of the best answerer, from 1 (None if the question has none), and its nDCG at 10."""

    place: int | None
    ndcg10: float


def judged(gains: Sequence[float], best: int | None) -> Judged:
    """`gains` are those of the ranking in its order, `best` the index of the best answerer in it."""
    weights = 1.0 / np.log2(np.arange(2, 12))
    actual = _dcg(gains[:10], weights)
    ideal = _dcg(sorted(gains, reverse=True)[:10], weights)
    return Judged(None if best is None else best + 1, actual / ideal if ideal else 0.0)


def figures(judgements: Sequence[Judged]) -> dict[str, Values]:
    """The values whose means are the figures, one for each question that counts."""
    places = np.array([one.place for one in judgements if one.place is not None], dtype=np.float64)
    return {
        "mrr": 1.0 / places,
        "p1": (places <= 1).astype(np.float64),
        "hit3": (places <= 3).astype(np.float64),
        "hit5": (places <= 5).astype(np.float64),
        "ndcg10": np.array([one.ndcg10 for one in judgements]),
    }


def summary(values: Mapping[str, Values]) -> dict[str, float]:
    """Each figure."""
    return {name: round(float(column.mean()), 4) if len(column) else 0.0 for name, column in values.items()}


def intervals(values: Mapping[str, Values]) -> dict[str, tuple[float, float]]:
    """Of each figure the interval that holds 95 of 100 bootstrap means."""
    return {name: interval(column, lambda sample: sample.mean(axis=1)) for name, column in values.items()}


def interval(column: Values, of: Callable[[Values], Values]) -> tuple[float, float]:
    """The 95 % bootstrap interval of a figure; `of` takes samples of shape (resamples, questions)."""
    if not len(column):
        return (0.0, 0.0)
    drawn = np.random.default_rng(1).integers(0, len(column), (_RESAMPLES, len(column)))
    low, high = np.percentile(of(column[drawn]), [2.5, 97.5])
    return (round(float(low), 4), round(float(high), 4))


def ratio_interval(ours: Values, theirs: Values) -> tuple[float, float]:
    """The 95 % bootstrap interval of the ratio of two means over the same questions."""
    if not len(ours):
        return (0.0, 0.0)
    drawn = np.random.default_rng(1).integers(0, len(ours), (_RESAMPLES, len(ours)))
    means = theirs[drawn].mean(axis=1)
    low, high = np.percentile(ours[drawn].mean(axis=1) / np.where(means > 0, means, np.nan), [2.5, 97.5])
    return (round(float(low), 4), round(float(high), 4))


def _dcg(gains: Sequence[float], weights: Values) -> float:
    return float(sum((2.0**gain - 1) * weight for gain, weight in zip(gains, weights, strict=False)))
