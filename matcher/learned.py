"""A learned ranker: LambdaMART (Burges 2010) by XGBoost over the features of what experts have answered, and, of live
questions, over those of the hand-set ranking, of which timelines know nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.features import HISTORY, RANKED, Matrix, places
from matcher.histories import Column

ROUNDS = 200
LESSONS_A_LEAF_UNIT = 50
"""With fewer lessons than this times `min_child_weight`, that is lowered in proportion."""
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
PROFILE = (
    "similarity",
    "specialty",
    "rating",
    "response_rate",
    "response_time",
    "online",
    "load",
)
"""Features of the hand-set ranking that do not follow from what was answered."""
COLUMNS = (*HISTORY, *(f"place_{name}" for name in RANKED), *PROFILE)


@dataclass(frozen=True, slots=True)
class Lesson:
    """One past question: what was known of each candidate then, and how much each turned out to be worth."""

    features: npt.NDArray[np.float32]
    """Shape (candidates, len(COLUMNS)), or without those of `PROFILE`."""
    gains: npt.NDArray[np.float32]
    """Shape (candidates,): 3 for the best answerer, 1 for another, 0 for whoever did not answer."""


def widened(history: Matrix, profile: Matrix | None = None) -> npt.NDArray[np.float32]:
    """The features of all candidates of a question with their places among each other, in the order of `COLUMNS`.

    `profile` has the shape (candidates, len(PROFILE)); without it the columns of `PROFILE` are left out, as in all
    lessons of a timeline.
    """
    columns = {name: history[:, i] for i, name in enumerate(HISTORY)}
    beside = [history, places(columns)] if profile is None else [history, places(columns), profile]
    return np.hstack(beside).astype(np.float32)


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
        # Of a small past, leaves as heavy as of a large one would leave nothing to tell apart.
        least = min(float(PARAMETERS["min_child_weight"]), len(lessons) / LESSONS_A_LEAF_UNIT)
        rules = {**PARAMETERS, "min_child_weight": least, "nthread": threads}
        return cls(xgboost.train({**rules, "seed": 7}, data, ROUNDS))

    @classmethod
    def read(cls, model: bytes) -> "LambdaMart":
        """From what `written` gave. Raises `ValueError` if it is no such thing."""
        import xgboost

        booster = xgboost.Booster()
        try:
            booster.load_model(bytearray(model))
        except xgboost.core.XGBoostError as error:
            raise ValueError(f"not a model of XGBoost: {str(error).splitlines()[0]}") from None
        return cls(booster)

    def written(self) -> bytes:
        """The trees as bytes (XGBoost's UBJSON)."""
        return bytes(self._booster.save_raw("ubj"))

    def margins(self, history: Matrix, profile: Matrix | None = None) -> Column:
        """Shape (candidates,), from features of shape (candidates, len(HISTORY)) and (candidates, len(PROFILE))."""
        if not len(history):
            return np.zeros(0)
        predicted = self._booster.inplace_predict(widened(history, profile), predict_type="margin")
        return np.asarray(predicted, dtype=np.float64)

    def contributions(self, history: Matrix, profile: Matrix | None = None) -> Matrix:
        """How much each of `COLUMNS` adds to the margins, and last what all begin with (SHAP, Lundberg 2018)."""
        import xgboost

        found = self._booster.predict(xgboost.DMatrix(widened(history, profile)), pred_contribs=True)
        return np.asarray(found, dtype=np.float64)
