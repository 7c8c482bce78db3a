"""Who of a ranking is asked: the best, but nobody about everything, and now and then somebody new. Pure.

Being asked has a price for each expert, which rises with every list of five they stand in and falls with every one
they do not, so that nobody's share of the lists stays above `MOST`. It is the multiplier of a constraint, raised by
online dual ascent (Agrawal and Devanur 2015): the lists an expert is kept out of are those that need them least.
Where few do all the answering, fairness gives way before it costs more than it may.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt

from matcher.histories import Column

Rows = npt.NDArray[np.intp]

ASKED = 5
"""Experts asked at once."""
MOST = 0.335
"""The share of the lists that an expert's price settles at."""
STEP = 0.02
"""How much a list moves a price, in units of the ranker's margin."""

KEPT = 0.92
"""Of the chance that the best lists hold whoever answers best, the share that is never given up for fairness."""

EXPLORED_SHARE = 0.2
"""Of the lists with somebody new to try, those whose last place goes to them."""
PRIOR_YES, PRIOR_NO = 1.0, 3.0
"""What is believed of an expert who has not been asked yet: one in four accepts."""


class Lists:
    """Makes the lists of those who are asked, and remembers what being asked costs. One for all questions."""

    def __init__(self) -> None:
        self._prices = np.zeros(0)
        self._expected = 0.0
        self._best = 0.0

    def prices(self, count: int) -> Column:
        """The prices of rows 0 to `count` - 1; 0 for those who are seldom asked."""
        if count > len(self._prices):
            self._prices = np.concatenate([self._prices, np.zeros(count - len(self._prices))])
        return self._prices[:count]

    def order(self, margins: Column, candidates: Rows, tried: "Trial | None" = None) -> list[int]:
        """The rows of `candidates`, those who are asked first. `margins` are by row.

        Among those asked, and among the others, the better stand first whatever their price; whoever is tried stands
        last among those asked. Once the lists have cost more than `KEPT` leaves, the best are asked again.
        """
        prices = self.prices(len(margins))
        best_first = candidates[np.argsort(-margins[candidates], kind="stable")]
        net = margins[candidates] - prices[candidates]
        fair = candidates[np.argsort(-net, kind="stable")[:ASKED]]
        asked = set(fair.tolist())
        if not self._affordable(margins, best_first, asked):
            asked = set(best_first[:ASKED].tolist())
        trials = [] if tried is None or tried.row in asked else [tried.row]
        ranked = [row for row in best_first.tolist() if row in asked]
        if trials:
            ranked = ranked[: ASKED - 1]
            asked = set(ranked)
        prices[candidates] -= STEP * MOST
        prices[ranked] += STEP
        np.maximum(prices, 0.0, out=prices)
        return (
            ranked + trials + [row for row in best_first.tolist() if row not in asked and row not in trials]
        )

    def _affordable(self, margins: Column, best_first: Rows, asked: set[int]) -> bool:
        """Whether all lists so far with this one still hold enough of the chances of the best lists."""
        chances = np.exp(margins[best_first] - margins[best_first].max(initial=-np.inf))
        chances /= chances.sum()
        fair = float(chances[[row in asked for row in best_first.tolist()]].sum())
        best = float(chances[:ASKED].sum())
        affordable = self._expected + fair >= KEPT * (self._best + best)
        self._expected += fair if affordable else best
        self._best += best
        return affordable


@dataclass(frozen=True, slots=True)
class Trial:
    """Somebody new on a list, with the chance drawn for them."""

    row: int
    draw: float


@dataclass(frozen=True, slots=True)
class Tried:
    """How an expert who is new has taken offers so far."""

    row: int
    accepted: int = 0
    refused: int = 0
    """Declined or run out."""


def trial(newcomers: Sequence[Tried], question_id: UUID) -> Trial | None:
    """Whom to try with this question, if anybody: Thompson sampling over acceptance.

    The chance is drawn from the question's id, so the same question tries the same expert.
    """
    if not newcomers:
        return None
    chance = np.random.default_rng(question_id.int)
    if chance.random() >= EXPLORED_SHARE:
        return None
    draws = chance.beta(
        [PRIOR_YES + one.accepted for one in newcomers], [PRIOR_NO + one.refused for one in newcomers]
    )
    best = int(np.argmax(draws))
    return Trial(newcomers[best].row, float(draws[best]))
