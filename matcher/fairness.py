"""Who of a ranking is asked: the best, but nobody about everything, and now and then somebody new. Pure.

Being asked has a price for each expert, which rises with every list of five they stand in and falls with every one
they do not, so that nobody's share of the lists stays above `MOST`. It is the multiplier of a constraint, raised by
online dual ascent (Agrawal and Devanur 2015): the lists an expert is kept out of are those that need them least.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt

from matcher.histories import Column

ASKED = 5
"""Experts asked at once."""
MOST = 0.33
"""The share of the lists that an expert's price settles at."""
STEP = 0.05
"""How much a list moves a price, in units of the ranker's margin."""

EXPLORED_SHARE = 0.2
"""Of the lists with somebody new to try, those whose last place goes to them."""
PRIOR_YES, PRIOR_NO = 1.0, 3.0
"""What is believed of an expert who has not been asked yet: one in four accepts."""


class Prices:
    """The price of asking each expert, by row; 0 for those who are seldom asked."""

    def __init__(self) -> None:
        self._prices = np.zeros(0)

    def of(self, count: int) -> Column:
        """The prices of rows 0 to `count` - 1."""
        if count > len(self._prices):
            self._prices = np.concatenate([self._prices, np.zeros(count - len(self._prices))])
        return self._prices[:count]

    def asked(self, candidates: npt.NDArray[np.intp], asked: Sequence[int]) -> None:
        """After a list: `asked` rows, of all the `candidates` rows there were."""
        prices = self.of(int(max(candidates, default=-1)) + 1)
        prices[candidates] -= STEP * MOST
        prices[list(asked)] += STEP
        np.maximum(prices, 0.0, out=prices)


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


def fair_order(
    margins: Column, prices: Column, candidates: npt.NDArray[np.intp], tried: Trial | None
) -> list[int]:
    """The rows of `candidates`, those who are asked first.

    `margins` and `prices` are by row. Among those asked, and among the others, the better stand first whatever
    their price; whoever is tried stands last among those asked.
    """
    net = margins[candidates] - prices[candidates]
    affordable = [int(row) for row in candidates[np.argsort(-net, kind="stable")[:ASKED]]]
    if tried is not None and tried.row not in affordable:
        affordable = affordable[: ASKED - 1]
    else:
        tried = None
    asked = set(affordable)
    order = [int(row) for row in candidates[np.argsort(-margins[candidates], kind="stable")]]
    trials = [] if tried is None else [tried.row]
    return (
        [row for row in order if row in asked]
        + trials
        + [row for row in order if row not in asked and row not in trials]
    )
