"""Gives the last place among those asked, now and then, to somebody new. Pure.

Only where it would go to somebody who is known already: while everybody is new, everybody is tried anyway.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from matcher.fairness import ASKED, EXPLORED_SHARE, Tried, chosen, trial
from matcher.ranking import Ranked

LAST = ASKED - 1


@dataclass(frozen=True, slots=True)
class Placed:
    """Who stands where, and with what chance."""

    ranking: list[Ranked]
    propensities: list[float]
    """By place, the chance that whoever stands there does, over all that could have been drawn for this ranking."""
    draw: float | None = None
    """The chance drawn for somebody new, who stands at `LAST`; None if nobody is tried."""


def with_trial(ranking: Sequence[Ranked], question_id: UUID) -> Placed:
    """`ranking` with somebody new in its last place of those asked, and the chance drawn for them; or as it was.

    Drawn from the question's id and what is known of offers, so the same question gives the same answer.
    """
    if len(ranking) <= ASKED or _is_new(ranking[LAST]):
        return Placed(list(ranking), [1.0] * len(ranking))
    newcomers = [_tried(place, one) for place, one in enumerate(ranking) if place > LAST and _is_new(one)]
    found = trial(newcomers, question_id)
    places = list(range(len(ranking)))
    order = _moved(places, found.row) if found else places
    chances = [0.0] * len(ranking)
    outcomes = [(places, 1 - EXPLORED_SHARE if newcomers else 1.0)]
    outcomes += [
        (_moved(places, one.row), EXPLORED_SHARE * float(chance))
        for one, chance in zip(newcomers, chosen(newcomers), strict=True)
    ]
    for outcome, chance in outcomes:
        for place in places:
            chances[place] += chance * (outcome[place] == order[place])
    return Placed([ranking[place] for place in order], chances, found.draw if found else None)


def _moved(places: Sequence[int], tried: int) -> list[int]:
    others = [place for place in places if place != tried]
    return [*others[:LAST], tried, *others[LAST:]]


def _is_new(one: Ranked) -> bool:
    known = one.considered.features
    return one.considered.history.count == 0 and (known is None or known.accepted == 0)


def _tried(place: int, one: Ranked) -> Tried:
    known = one.considered.features
    return Tried(place, refused=known.declined + known.expired if known else 0)
