"""Fair lists: nobody is asked about everything, the best are not given up for it, and the new get their chance."""

from collections import Counter
from uuid import UUID

import numpy as np

from matcher.fairness import ASKED, EXPLORED_SHARE, MOST, Lists, Trial, Tried, trial

EVERYBODY = np.arange(40)


def margins(chance: np.random.Generator) -> np.ndarray:  # type: ignore[type-arg]
    """Experts 0 to 3 are a little better than the rest, and everybody has good days."""
    found = chance.normal(0, 1.5, len(EVERYBODY))
    found[:4] += 2.0
    return found


def test_the_most_asked_stay_near_the_most_that_is_allowed() -> None:
    chance, lists, asked, best = np.random.default_rng(1), Lists(), Counter[int](), Counter[int]()
    for _ in range(2_000):
        scores = margins(chance)
        asked.update(lists.order(scores, EVERYBODY)[:ASKED])
        best.update(np.argsort(-scores)[:ASKED].tolist())

    assert max(best.values()) / 2_000 > 0.45
    assert max(asked.values()) / 2_000 < MOST + 0.03


def test_where_one_does_all_the_answering_fairness_gives_way() -> None:
    lists, asked = Lists(), Counter[int]()
    scores = np.where(EVERYBODY == 0, 6.0, 0.0)
    for _ in range(500):
        asked.update(lists.order(scores, EVERYBODY)[:ASKED])

    assert asked[0] / 500 > 0.9


def test_an_order_holds_every_candidate_once_the_better_first_in_both_parts() -> None:
    chance, lists = np.random.default_rng(2), Lists()
    for _ in range(50):
        scores = margins(chance)
        order = lists.order(scores, EVERYBODY[5:])
        assert sorted(order) == EVERYBODY[5:].tolist()
        for part in (order[:ASKED], order[ASKED:]):
            assert part == sorted(part, key=lambda row: -scores[row])


def test_whoever_is_tried_is_asked_last() -> None:
    order = Lists().order(-EVERYBODY.astype(float), EVERYBODY, Trial(30, 0.5))

    assert order[:ASKED] == [0, 1, 2, 3, 30]
    assert sorted(order) == EVERYBODY.tolist()


def test_fewer_candidates_than_places_are_all_asked() -> None:
    assert Lists().order(np.zeros(3), np.arange(3)) == [0, 1, 2]
    assert Lists().order(np.zeros(0), np.arange(0)) == []


def test_a_trial_follows_from_the_question_alone_and_comes_as_often_as_it_should() -> None:
    newcomers = [Tried(row) for row in range(10)]
    trials = [trial(newcomers, UUID(int=n)) for n in range(1_000)]

    assert trials == [trial(newcomers, UUID(int=n)) for n in range(1_000)]
    assert abs(sum(1 for one in trials if one) / 1_000 - EXPLORED_SHARE) < 0.04
    assert len({one.row for one in trials if one}) == 10
    assert trial([], UUID(int=1)) is None


def test_those_who_refused_are_tried_less() -> None:
    newcomers = [Tried(0), Tried(1, refused=30)]
    rows = Counter(one.row for n in range(2_000) if (one := trial(newcomers, UUID(int=n))))

    assert rows[0] > 5 * rows[1]
