"""The features of experts for one question that follow from what they have answered, each from 0 to 1. Pure.

Every feature grows or falls with what it measures and saturates, so that a weight means the same everywhere; trees do
not mind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.encoders.contract import Vector
from matcher.histories import HALF_LIVES, Column, Histories, Rows

_RECENT = tuple(f"recent_{days:g}" for days in HALF_LIVES)
_AGGREGATED = {
    "dense": 3.0,
    "dense_60": 1.0,
    "dense_recent_60": 1.0,
    "dense_recent_20": 0.5,
    "lexical": 50.0,
    "lexical_60": 20.0,
    "lexical_recent": 50.0,
    "lexical_recent_60": 20.0,
}
"""With the amount that counts half."""

HISTORY = (
    *_RECENT,
    "freshness",
    "tenure",
    "answered",
    "praised",
    "centroid",
    "centroid_recent",
    *_AGGREGATED,
    "nearest",
    "topic",
    "topic_recent",
)
"""The names, in the order of the columns."""

_USUAL_STARS, _STARS_WEIGHT = 3.5, 4.0

NOTHING_ANSWERED: Column = np.array(
    [(_USUAL_STARS - 1) / 4 if name == "praised" else 0.0 for name in HISTORY], dtype=np.float64
)
"""The row of somebody who has answered nothing."""

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a question when it is matched."""

    vector: Vector
    topics: Sequence[str]
    at: float
    """Unix seconds."""


def history_features(
    histories: Histories,
    asked: Asked,
    aggregated: Mapping[str, Column],
    unrelated: float,
    rows: Rows | None = None,
) -> Matrix:
    """The features of the experts of `histories` at `rows`, all if None; shape (experts, len(HISTORY)).

    `aggregated` is what `matcher.aggregation.aggregate` gives for the question.
    """
    faded = histories.faded(asked.at, rows)
    columns: dict[str, Column] = {name: _half_at(faded[:, i], 2.0) for i, name in enumerate(_RECENT)}
    columns["freshness"] = 1.0 / (1.0 + histories.since(asked.at, rows) / 7.0)
    columns["tenure"] = _half_at(histories.tenure(asked.at, rows), 365.0)
    counts = histories.counts(rows)
    columns["answered"] = _half_at(counts, 30.0)
    stars, rated = histories.ratings(rows)
    columns["praised"] = ((stars + _USUAL_STARS * _STARS_WEIGHT) / (rated + _STARS_WEIGHT) - 1) / 4
    for name, recent in (("centroid", False), ("centroid_recent", True)):
        cosines = histories.similarity(asked.vector, rows, recent=recent)
        columns[name] = np.clip((cosines - unrelated) / (1 - unrelated), 0, 1)
    at = slice(None) if rows is None else rows
    columns |= {name: _half_at(aggregated[name][at], half) for name, half in _AGGREGATED.items()}
    columns["nearest"] = np.clip((aggregated["nearest"][at] - unrelated) / (1 - unrelated), 0, 1)
    on_topic, on_topic_recently = (column[at] for column in histories.on_topics(asked.topics, asked.at))
    columns["topic"] = np.clip(on_topic / (counts + 2.0), 0, 1)
    columns["topic_recent"] = _half_at(on_topic_recently, 3.0)
    return np.stack([columns[name] for name in HISTORY], axis=1)


def speaking_features(
    histories: Histories, asked: Asked, aggregated: Mapping[str, Column]
) -> dict[str, Column]:
    """Those features of everybody that tell whose answers speak for them: few, and cheap to make of many experts."""
    _, on_topic_recently = histories.on_topics(asked.topics, asked.at)
    return {
        "dense_60": _half_at(aggregated["dense_60"], _AGGREGATED["dense_60"]),
        "lexical_60": _half_at(aggregated["lexical_60"], _AGGREGATED["lexical_60"]),
        "recent_14": _half_at(histories.faded_by(14.0, asked.at), 2.0),
        "topic_recent": _half_at(on_topic_recently, 3.0),
    }


RANKED = (
    "recent_3", "recent_7", "recent_14", "recent_30", "recent_60",
    "centroid", "centroid_recent", "dense_60", "dense_recent_60", "dense_recent_20",
    "lexical", "lexical_60", "lexical_recent", "lexical_recent_60", "dense", "topic", "topic_recent",
)  # fmt: skip
"""Features of which a learned ranker also sees the place among the candidates."""


def places(columns: Mapping[str, Column]) -> Matrix:
    """1 for the best candidate in each of `RANKED`, 1/2 for the second, and so on; shape (candidates, len(RANKED))."""
    matrix = np.stack([columns[name] for name in RANKED], axis=1)
    order = np.argsort(-matrix, axis=0, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(len(matrix))[:, None], axis=0)
    found: Matrix = 1.0 / (1.0 + ranks.astype(np.float64))
    return found


def _half_at(amount: Column, half: float) -> Column:
    found: Column = amount / (amount + half)
    return found
