"""Late aggregation: past answers that are near a question, added up for each expert, older ones counting less. Pure.

After the expert finding of Balog et al. 2006 (model 2): documents are found first, and people through them.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from matcher.histories import DAY, Column, Histories
from matcher.index.answers import Near

LEXICAL_WEIGHT = 0.05
LEXICAL_HALF = 10.0
"""A BM25 score of this much counts half of the most that words can add to a cosine."""

Hits = Mapping[str, Sequence[Near]]
"""By search: `dense` and `lexical` over all answers, `dense_recent` and `lexical_recent` over those of late."""


def fused(cosine: Column, bm25: Column) -> Column:
    """One score from both halves of retrieval.

    The weights were chosen on paraphrases of Korean questions: a sum of saturated scores finds better there than
    either half, and than reciprocal rank fusion, which gives the weaker half too much.
    """
    return cosine + LEXICAL_WEIGHT * bm25 / (bm25 + LEXICAL_HALF)


def aggregate(histories: Histories, hits: Hits, now: float, unrelated: float) -> dict[str, Column]:
    """Columns over the experts of `histories`. `unrelated` is the cosine of texts with nothing in common."""
    columns: dict[str, Column] = {}
    for search, half_lives in (
        ("dense", (None, 60.0)),
        ("dense_recent", (60.0, 20.0)),
        ("lexical", (None, 60.0)),
        ("lexical_recent", (None, 60.0)),
    ):
        # What is equally near comes from the engine in any order, and sums are rounded by theirs.
        nears = sorted(hits.get(search, ()), key=lambda near: (-near.score, near.answer_id))
        rows, at, known = histories.answers([near.answer_id for near in nears])
        scores = np.array([near.score for near in nears], dtype=np.float64)
        weights = np.clip((scores - unrelated) / (1 - unrelated), 0, 1) ** 2 if "dense" in search else scores
        age = np.maximum(now - at, 0.0) / DAY
        for half_life in half_lives:
            faded = weights if half_life is None else weights * np.exp2(-age / half_life)
            name = search if half_life is None else f"{search}_{half_life:g}"
            columns[name] = np.bincount(rows, np.where(known, faded, 0.0), len(histories)).astype(np.float64)
    columns["nearest"] = _nearest(histories, hits, unrelated)
    return columns


def _nearest(histories: Histories, hits: Hits, unrelated: float) -> Column:
    """The fused score of each expert's nearest answer, 0 for none."""
    dense = {near.answer_id: near.score for near in hits.get("dense", ())}
    lexical = {near.answer_id: near.score for near in hits.get("lexical", ())}
    least = min(dense.values(), default=unrelated)
    ids = list({*dense, *lexical})
    rows, _, known = histories.answers(ids)
    cosines = np.array([dense.get(one, least) for one in ids], dtype=np.float64)
    scores = fused(cosines, np.array([lexical.get(one, 0.0) for one in ids], dtype=np.float64))
    nearest = np.zeros(len(histories))
    np.maximum.at(nearest, rows[known], scores[known])
    return nearest
