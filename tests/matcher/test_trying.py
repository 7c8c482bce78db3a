"""The last place among those asked goes, now and then, to somebody new."""

from collections import Counter
from collections.abc import Callable, Iterable
from uuid import UUID

import numpy as np
import pytest

from matcher.analysis import analyse
from matcher.fairness import ASKED, EXPLORED_SHARE, Tried, chosen
from matcher.ranking import Considered, History, Ranked, rank
from matcher.reasons import to_candidate
from matcher.trying import with_trial

QUESTION = analyse("파이썬 질문이에요")
KNOWN = History(similar=0.5, count=4)
Consider = Callable[..., Considered]


def ranking(consider: Consider, new: Iterable[int] = (7, 8), count: int = 8) -> list[Ranked]:
    """Experts 1 to `count`, the most similar first; those in `new` have answered nothing."""
    experts = [
        consider(n, similarity=0.9 - n / 50, **({} if n in set(new) else {"history": KNOWN}))
        for n in range(1, count + 1)
    ]
    return rank(QUESTION, experts, (0.0, 1.0))


def tries(found: list[Ranked]) -> list[tuple[list[Ranked], float]]:
    results = [with_trial(found, UUID(int=n)) for n in range(400)]
    return [(one.ranking, one.draw) for one in results if one.draw is not None]


def test_somebody_new_stands_last_among_those_asked_as_often_as_they_should(consider: Consider) -> None:
    found = ranking(consider)
    made = tries(found)

    assert abs(len(made) / 400 - EXPLORED_SHARE) < 0.06
    for order, draw in made:
        assert 0 < draw < 1
        assert order[ASKED - 1].expert_id.int in {7, 8}
        assert order[: ASKED - 1] == found[: ASKED - 1]
        assert sorted(one.expert_id.int for one in order) == list(range(1, 9))


def test_the_same_question_tries_the_same_expert(consider: Consider) -> None:
    found = ranking(consider)

    assert [with_trial(found, UUID(int=n)) for n in range(50)] == [
        with_trial(found, UUID(int=n)) for n in range(50)
    ]


def test_while_everybody_is_new_or_nobody_is_the_ranking_stays(consider: Consider) -> None:
    assert tries(ranking(consider, new=range(1, 9))) == []
    assert tries(ranking(consider, new=())) == []
    assert tries(ranking(consider, new=(5,), count=5)) == []


def test_the_chance_drawn_is_told_with_the_candidate_and_adds_nothing(consider: Consider) -> None:
    found = ranking(consider)[6]

    tried, plain = to_candidate(found, 0.25), to_candidate(found)

    assert tried.reasons[-1].feature == "exploration"
    assert (tried.reasons[-1].value, tried.reasons[-1].contribution) == (0.25, 0.0)
    assert tried.score == plain.score
    assert tried.reasons[:-1] == plain.reasons


def test_the_chance_to_stand_somewhere_is_how_often_one_does(consider: Consider) -> None:
    found = ranking(consider, new=(7, 8, 9), count=10)
    placed = [with_trial(found, UUID(int=n)) for n in range(3_000)]

    often = Counter((place, one.expert_id) for each in placed for place, one in enumerate(each.ranking))

    for each in placed[:60]:
        assert each.propensities[: ASKED - 1] == [1.0] * (ASKED - 1)
        for place, (one, chance) in enumerate(zip(each.ranking, each.propensities, strict=True)):
            assert chance == pytest.approx(often[place, one.expert_id] / len(placed), abs=0.03)


def test_without_anybody_new_everyone_stands_where_they_stand_for_certain(consider: Consider) -> None:
    assert with_trial(ranking(consider, new=()), UUID(int=1)).propensities == [1.0] * 8


def test_the_chance_to_be_tried_falls_with_refusals() -> None:
    newcomers = [Tried(0), Tried(1), Tried(2, refused=6), Tried(3, accepted=2)]
    chance = np.random.default_rng(5)
    draws = chance.beta([1, 1, 1, 3], [3, 3, 9, 3], (40_000, 4)).argmax(axis=1)

    assert chosen(newcomers) == pytest.approx(np.bincount(draws) / len(draws), abs=0.01)
    assert len(chosen([])) == 0
