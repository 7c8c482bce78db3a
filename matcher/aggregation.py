"""Late aggregation: past answers that are near a question, added up for each expert, older ones counting less. Pure.

After the expert finding of Balog et al. 2006 (model 2): documents are found first, and people through them.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from matcher.histories import DAY, Column, Histories, Rows
from matcher.index.answers import Near

LEXICAL_WEIGHT = 0.05
LEXICAL_HALF = 10.0
"""A BM25 score of this much counts half of the most that words can add to a cosine."""

Hits = Mapping[str, Sequence[Near]]
"""By search: `dense` and `lexical` over all answers, `dense_recent` and `lexical_recent` over those of late."""

_HALF_LIVES: Mapping[str, tuple[float | None, ...]] = MappingProxyType(
    {
        "dense": (None, 60.0),
        "dense_recent": (60.0, 20.0),
        "lexical": (None, 60.0),
        "lexical_recent": (None, 60.0),
    }
)
"""In days, of what each search finds; None for what does not fade."""


def fused(cosine: Column, bm25: Column) -> Column:
    """One score from both halves of retrieval.

    The weights were chosen on paraphrases of Korean questions: a sum of saturated scores finds better there than
    either half, and than reciprocal rank fusion, which gives the weaker half too much.
    """
    return cosine + LEXICAL_WEIGHT * bm25 / (bm25 + LEXICAL_HALF)


def aggregate(histories: Histories, hits: Hits, now: float, unrelated: float) -> dict[str, Column]:
    """Columns over the experts of `histories`: sums by search and half-life, and as `nearest` the fused score of each
    expert's nearest answer, 0 for none. `unrelated` is the cosine of texts with nothing in common."""
    columns: dict[str, Column] = {}
    found = {search: _columns(hits.get(search, ())) for search in _HALF_LIVES}
    # Most answers are found by several searches; each is looked up once.
    ids, places = np.unique(np.concatenate([ids for ids, _ in found.values()]), return_inverse=True)
    rows, at, known = histories.answers(ids.tolist())
    of_search: dict[str, Rows] = {}
    for search, half_lives in _HALF_LIVES.items():
        _, scores = found[search]
        here = of_search[search] = places[: len(scores)]
        places = places[len(scores) :]
        weights = np.clip((scores - unrelated) / (1 - unrelated), 0, 1) ** 2 if "dense" in search else scores
        age = np.maximum(now - at[here], 0.0) / DAY
        for half_life in half_lives:
            faded = weights if half_life is None else weights * np.exp2(-age / half_life)
            name = search if half_life is None else f"{search}_{half_life:g}"
            counted = np.where(known[here], faded, 0.0)
            columns[name] = np.bincount(rows[here], counted, len(histories)).astype(np.float64)
    columns["nearest"] = np.zeros(len(histories))
    dense, lexical = of_search["dense"], of_search["lexical"]
    cosines = np.full(len(ids), min(found["dense"][1], default=unrelated))
    cosines[dense] = found["dense"][1]
    bm25 = np.zeros(len(ids))
    bm25[lexical] = found["lexical"][1]
    ever = np.union1d(dense, lexical)
    ever = ever[known[ever]]
    np.maximum.at(columns["nearest"], rows[ever], fused(cosines, bm25)[ever])
    return columns


def _columns(nears: Sequence[Near]) -> tuple[npt.NDArray[np.int64], Column]:
    """The ids and the scores of answers, the nearest first; of those as near, in the order of their ids."""
    ids = np.array([near.answer_id for near in nears], dtype=np.int64)
    scores = np.array([near.score for near in nears], dtype=np.float64)
    # What is equally near comes from the engine in any order, and sums are rounded by theirs.
    order = np.lexsort((ids, -scores))
    return ids[order], scores[order]
