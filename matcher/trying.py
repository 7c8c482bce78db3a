"""Gives the last place among those asked, now and then, to somebody new. Pure.

Only where it would go to somebody who is known already: while everybody is new, everybody is tried anyway.
"""

from collections.abc import Sequence
from uuid import UUID

from matcher.fairness import ASKED, Tried, trial
from matcher.ranking import Ranked


def with_trial(ranking: Sequence[Ranked], question_id: UUID) -> tuple[list[Ranked], float | None]:
    """`ranking` with somebody new in its last place of those asked, and the chance drawn for them; or as it was.

    Drawn from the question's id and what is known of offers, so the same question gives the same answer.
    """
    last = ASKED - 1
    if len(ranking) <= ASKED or _is_new(ranking[last]):
        return list(ranking), None
    newcomers = [_tried(place, one) for place, one in enumerate(ranking) if place > last and _is_new(one)]
    found = trial(newcomers, question_id)
    if found is None:
        return list(ranking), None
    others = [one for place, one in enumerate(ranking) if place != found.row]
    return [*others[:last], ranking[found.row], *others[last:]], found.draw


def _is_new(one: Ranked) -> bool:
    known = one.considered.features
    return one.considered.history.count == 0 and (known is None or known.accepted == 0)


def _tried(place: int, one: Ranked) -> Tried:
    known = one.considered.features
    return Tried(place, refused=known.declined + known.expired if known else 0)
