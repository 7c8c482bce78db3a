"""Who of a ranking is asked: the best, but nobody about everything, and now and then somebody new. Pure.

Being asked has a price for each expert, which rises with every list of five they stand in and falls with every one
they do not, so that nobody's share of the lists stays above `MOST`. It is the multiplier of a constraint, raised by
online dual ascent (Agrawal and Devanur 2015): the lists an expert is kept out of are those that need them least.
Where few do all the answering, fairness gives way before it costs more than it may.
"""

from collections import Counter
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

_STEPS = 2_000
"""Of the sums by which chances between draws are worked out."""

EXPLORED_SHARE = 0.1
"""Of the lists with somebody new to try, those whose last place goes to them. The last of five is worth at most a fifth
of what the list hits, so trying costs at most 2 per cent of the hits."""
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
        """The rows of `candidates`, those who are asked first; the list counts. `margins` are by row.

        Among those asked, and among the others, the better stand first whatever their price; whoever is tried stands
        last among those asked.
        """
        asked = self.asked(margins, candidates)
        self.keep(margins, candidates, asked)
        trials = [] if tried is None or tried.row in asked else [tried.row]
        paying = asked[: ASKED - 1] if trials else asked
        self.charge(candidates, paying, len(candidates))
        return (
            paying + trials + [row for row in _best_first(margins, candidates) if row not in paying + trials]
        )

    def asked(self, margins: Column, candidates: Rows) -> list[int]:
        """The rows that are asked, the better first. Once the lists have cost more than `KEPT` leaves, the best."""
        net = margins[candidates] - self.prices(len(margins))[candidates]
        fair = set(candidates[np.argsort(-net, kind="stable")[:ASKED]].tolist())
        best_first = _best_first(margins, candidates)
        kept, best = _chances(margins, best_first, fair)
        if self._expected + kept < KEPT * (self._best + best):
            return best_first[:ASKED]
        return [row for row in best_first if row in fair]

    def keep(self, margins: Column, candidates: Rows, asked: Sequence[int]) -> None:
        """Remember what a list of `asked` among `candidates` was worth beside the best list of as many."""
        kept, best = _chances(margins, _best_first(margins, candidates), set(asked))
        self._expected += kept
        self._best += best

    def charge(self, everybody: Rows, asked: Sequence[int], among: int) -> None:
        """Raise the prices of `asked`, who were chosen among so many, and lower those of `everybody`.

        Among few nobody can stand in as few lists as `MOST` says, and prices would rise for ever: there they settle
        where all are asked alike.
        """
        prices = self.prices(int(max(everybody, default=-1)) + 1)
        prices[everybody] -= STEP * max(MOST, len(asked) / max(among, 1))
        prices[list(asked)] += STEP
        np.maximum(prices, 0.0, out=prices)


def _best_first(margins: Column, candidates: Rows) -> list[int]:
    rows: list[int] = candidates[np.argsort(-margins[candidates], kind="stable")].tolist()
    return rows


def _chances(margins: Column, best_first: Sequence[int], asked: set[int]) -> tuple[float, float]:
    """The chance that whoever answers best is among `asked`, and that they are among the best as many."""
    ordered = margins[list(best_first)]
    chances = np.exp(ordered - ordered.max(initial=-np.inf))
    chances /= chances.sum()
    return float(chances[[row in asked for row in best_first]].sum()), float(chances[: len(asked)].sum())


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


def chosen(newcomers: Sequence[Tried]) -> Column:
    """The chance of each newcomer to be the one who is tried, if anybody is: that theirs is the highest draw."""
    at = (np.arange(_STEPS) + 0.5) / _STEPS
    kinds = Counter((one.accepted, one.refused) for one in newcomers)
    density, below = {}, {}
    for accepted, refused in kinds:
        logs = (PRIOR_YES + accepted - 1) * np.log(at) + (PRIOR_NO + refused - 1) * np.log1p(-at)
        weights = np.exp(logs - logs.max())
        density[accepted, refused] = weights / weights.sum()
        below[accepted, refused] = np.cumsum(density[accepted, refused]) - density[accepted, refused] / 2
    everybody = sum(count * np.log(below[kind]) for kind, count in kinds.items())
    wins = {kind: float((density[kind] * np.exp(everybody - np.log(below[kind]))).sum()) for kind in kinds}
    found = np.array([wins[one.accepted, one.refused] for one in newcomers])
    return found / found.sum() if len(found) else found
