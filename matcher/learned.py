"""A learned ranker: LambdaMART (Burges 2010) by XGBoost over the features of what experts have answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.features import HISTORY, RANKED, Matrix, places
from matcher.histories import Column

ROUNDS = 200
NEGATIVES = 120
"""Of those who did not answer a question, as many are learnt from, drawn evenly: the busiest alone would teach that
being busy is bad."""
PARAMETERS: dict[str, Any] = {
    "objective": "rank:ndcg",
    "lambdarank_pair_method": "topk",
    "lambdarank_num_pair_per_sample": 8,
    "eta": 0.05,
    "max_depth": 4,
    "min_child_weight": 20,
    "reg_lambda": 5,
    "subsample": 0.7,
    "colsample_bytree": 0.5,
}
COLUMNS = (*HISTORY, *(f"place_{name}" for name in RANKED))


@dataclass(frozen=True, slots=True)
class Lesson:
    """One past question: what was known of each candidate then, and how much each turned out to be worth."""

    features: npt.NDArray[np.float32]
    """Shape (candidates, len(COLUMNS))."""
    gains: npt.NDArray[np.float32]
    """Shape (candidates,): 3 for the best answerer, 1 for another, 0 for whoever did not answer."""


def widened(history: Matrix) -> npt.NDArray[np.float32]:
    """The features of all candidates of a question with their places among each other."""
    columns = {name: history[:, i] for i, name in enumerate(HISTORY)}
    return np.hstack([history, places(columns)]).astype(np.float32)


def lesson(history: Matrix, gains: Column, seed: int) -> Lesson:
    """What is learnt from one question; all who answered, and some of the others, by `seed`."""
    chosen = np.flatnonzero(gains > 0)
    others = np.flatnonzero(gains == 0)
    if len(others) > NEGATIVES:
        others = np.random.default_rng(seed).choice(others, NEGATIVES, replace=False)
    kept = np.concatenate([chosen, others])
    return Lesson(widened(history)[kept], gains[kept].astype(np.float32))


class LambdaMart:
    """Trees that give each candidate a margin; the higher, the better."""

    def __init__(self, booster: Any) -> None:
        self._booster = booster

    @classmethod
    def train(cls, lessons: Sequence[Lesson], *, threads: int = 2) -> "LambdaMart":
        """Learn from past questions. The same lessons give the same trees."""
        import xgboost

        data = xgboost.DMatrix(
            np.vstack([one.features for one in lessons]), np.concatenate([one.gains for one in lessons])
        )
        data.set_group([len(one.gains) for one in lessons])
        return cls(xgboost.train({**PARAMETERS, "nthread": threads, "seed": 7}, data, ROUNDS))

    def margins(self, history: Matrix) -> Column:
        """Shape (candidates,), from features of shape (candidates, len(HISTORY))."""
        if not len(history):
            return np.zeros(0)
        predicted = self._booster.inplace_predict(widened(history), predict_type="margin")
        return np.asarray(predicted, dtype=np.float64)

    def contributions(self, history: Matrix) -> Matrix:
        """How much each of `COLUMNS` adds to the margins, and last what all begin with (SHAP, Lundberg 2018)."""
        import xgboost

        found = self._booster.predict(xgboost.DMatrix(widened(history)), pred_contribs=True)
        return np.asarray(found, dtype=np.float64)
