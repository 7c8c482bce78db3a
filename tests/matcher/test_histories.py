"""Histories: the same in any order, fading with time, and undone without a trace."""

import random
from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.aggregation import aggregate
from matcher.histories import DAY, HALF_LIVES, Histories
from matcher.index.answers import Answered, Near

NOW = 1_000 * DAY
EYE = np.eye(4, dtype=np.float32)


def answered(question: int, expert: int = 1, days: float = 10.0, **changes: object) -> Answered:
    one = Answered(UUID(int=question), UUID(int=900 + expert), NOW - days * DAY)
    return replace(one, **changes)  # type: ignore[arg-type]


def histories(*answers: Answered) -> Histories:
    made = Histories(4)
    for one in answers:
        made.add(one, EYE[one.question_id.int % 4])
    return made


answers = st.lists(
    st.builds(
        answered,
        question=st.integers(1, 30),
        expert=st.integers(1, 3),
        days=st.floats(0, 400),
        stars=st.integers(0, 5),
        topics=st.sampled_from([(), ("tax",), ("tax", "law")]),
    ),
    max_size=30,
    unique_by=lambda one: one.answer_id,
)


def seen(made: Histories) -> list[object]:
    """Everything that can be asked of histories, by expert."""
    order = np.argsort([one.int for one in made.expert_ids]) if len(made) else []
    columns = [
        *made.faded(NOW).T,
        made.since(NOW),
        made.counts(),
        *made.ratings(),
        made.similarity(EYE[1], recent=False),
        made.similarity(EYE[1], recent=True),
        *made.on_topics(["tax", "law"], NOW),
    ]
    return [np.asarray(column)[order] for column in columns]


@given(answers, st.randoms())
def test_the_order_in_which_answers_come_changes_nothing(
    given_: list[Answered], chance: random.Random
) -> None:
    shuffled = list(given_)
    chance.shuffle(shuffled)

    for one, other in zip(seen(histories(*given_)), seen(histories(*shuffled)), strict=True):
        assert np.array_equal(one, other)


def test_an_answer_counts_half_after_its_half_life() -> None:
    made = histories(answered(1, days=30))

    assert made.faded(NOW)[0, HALF_LIVES.index(30.0)] == pytest.approx(0.5)
    assert made.since(NOW)[0] == pytest.approx(30)


def test_an_answer_that_comes_twice_counts_once() -> None:
    made = histories(answered(1), answered(1, stars=4))

    assert made.counts().tolist() == [1]
    assert [column.tolist() for column in made.ratings()] == [[4], [1]]


def test_a_question_that_is_forgotten_leaves_nothing() -> None:
    made = histories(answered(1, stars=5, topics=("tax",)), answered(2, expert=2))
    made.remove_question(UUID(int=1))

    assert made.counts().tolist() == [0, 1]
    assert made.faded(NOW)[0] == pytest.approx(0, abs=1e-9)
    assert made.similarity(EYE[1], recent=False)[0] == 0
    assert made.on_topics(["tax"], NOW)[0].tolist() == [0, 0]


def test_near_answers_are_added_up_for_who_gave_them_and_old_ones_count_less() -> None:
    old, new, other = answered(1, days=60), answered(2, days=0), answered(3, expert=2, days=0)
    made = histories(old, new, other)
    hits = {"lexical": [Near(one.answer_id, 8.0) for one in (old, new, other)], "dense": []}

    columns = aggregate(made, hits, NOW, 0.8)

    assert columns["lexical"].tolist() == [16, 8]
    assert columns["lexical_60"] == pytest.approx([12, 8])
    assert columns["dense"].tolist() == [0, 0]


def test_an_answer_the_histories_do_not_know_is_nobodys() -> None:
    made = histories(answered(1))

    columns = aggregate(made, {"lexical": [Near(answered(9).answer_id, 8.0)]}, NOW, 0.8)

    assert columns["lexical"].tolist() == [0]
