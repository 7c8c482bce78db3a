"""The ranking: its laws, and who comes before whom."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.analysis import analyse, expertise_of
from matcher.index.contract import Hit, IndexedExpert
from matcher.ranking import BENCH, WEIGHTS, Considered, History, breadth_of, rank, rating_value, score
from schemas.port import ExpertFeatures

RANGE = (0.0, 1.0)
QUESTION = analyse("파이썬에서 부동산 계약 데이터를 읽어요")
Consider = Callable[..., Considered]

NAMES = ["파이썬", "부동산 계약", "김치", "Rust", "계약"]
counts = st.integers(0, 500)


@st.composite
def anyone(draw: st.DrawFn) -> Considered:
    number = draw(st.integers(1, 10_000))
    skills = draw(st.dictionaries(st.sampled_from(NAMES), st.integers(1, 5)))
    ratings = draw(counts)
    features = ExpertFeatures(
        expert_id=UUID(int=number),
        capacity=draw(st.integers(0, 50)),
        available=draw(st.booleans()),
        open_rooms=draw(st.integers(0, 60)),
        open_offers=draw(st.integers(0, 60)),
        offered=draw(counts),
        accepted=draw(counts),
        declined=draw(counts),
        expired=draw(counts),
        response_seconds_sum=draw(st.floats(0, 1e7)),
        rating_sum=draw(st.integers(ratings, 5 * ratings)),
        rating_count=ratings,
        last_active_at=None,
        demo=draw(st.booleans()),
    )
    expert = IndexedExpert(
        UUID(int=number),
        "이름",
        tuple(expertise_of(name, level) for name, level in skills.items()),
        (),
        draw(st.booleans()),
        draw(st.integers(1, 50)),
        draw(st.integers(0, 60)),
        False,
        "test",
    )
    hit = Hit(expert, draw(st.floats(-1, 1.001)))
    return Considered(hit, draw(st.sampled_from([features, None])), draw(st.booleans()))


def test_the_weights_sum_to_one() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1)


@given(anyone())
def test_a_score_lies_between_0_and_1_and_is_the_sum_of_its_contributions(one: Considered) -> None:
    ranked = score(QUESTION, one, RANGE)

    assert 0 <= ranked.score <= 1 + 1e-9
    assert all(0 <= value <= 1 for value in ranked.values.values())
    assert sum(ranked.contributions.values()) == pytest.approx(ranked.score)
    assert set(ranked.contributions) == set(ranked.values) == set(WEIGHTS)


Change = Callable[[Considered], Considered]


def known(one: Considered, **changes: object) -> Considered:
    assert one.features is not None
    return replace(one, features=replace(one.features, **changes))  # type: ignore[arg-type]


BETTER: dict[str, tuple[str, Change]] = {
    "more similar": (
        "similarity",
        lambda one: replace(one, hit=replace(one.hit, similarity=one.hit.similarity + 0.1)),
    ),
    "online": ("online", lambda one: replace(one, online=True)),
    "another five stars": (
        "rating",
        lambda one: known(
            one, rating_sum=one.features.rating_sum + 5, rating_count=one.features.rating_count + 1
        ),
    ),
    "answered once more": ("response_rate", lambda one: known(one, accepted=one.features.accepted + 1)),
    "quicker": (
        "response_time",
        lambda one: known(one, response_seconds_sum=one.features.response_seconds_sum / 2),
    ),
    "a room fewer": ("load", lambda one: known(one, open_rooms=max(one.features.open_rooms - 1, 0))),
    "available": ("availability", lambda one: known(one, available=True)),
    "a higher level": (
        "specialty",
        lambda one: replace(
            one,
            hit=replace(
                one.hit,
                expert=replace(
                    one.hit.expert,
                    expertise=tuple(replace(s, level=min(s.level + 1, 5)) for s in one.hit.expert.expertise),
                ),
            ),
        ),
    ),
}


@pytest.mark.parametrize("name", BETTER)
@given(one=anyone().filter(lambda one: one.features is not None))
def test_what_is_better_never_lowers_its_feature(name: str, one: Considered) -> None:
    feature, improve = BETTER[name]

    before, after = score(QUESTION, one, RANGE), score(QUESTION, improve(one), RANGE)

    assert after.values[feature] >= before.values[feature] - 1e-12


@given(st.lists(anyone(), max_size=40, unique_by=lambda one: one.hit.expert.expert_id), st.randoms())
def test_the_order_found_in_changes_nothing(experts: list[Considered], random: object) -> None:
    shuffled = list(experts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    first, second = rank(QUESTION, experts, RANGE), rank(QUESTION, shuffled, RANGE)

    assert [one.expert_id for one in first] == [one.expert_id for one in second]
    assert [one.score for one in first] == sorted((one.score for one in first), reverse=True)
    assert len(first) <= BENCH


def test_equal_experts_stand_in_the_order_of_their_ids(consider: Consider) -> None:
    ranking = rank(QUESTION, [consider(3), consider(1), consider(2)], RANGE)

    assert [one.expert_id.int for one in ranking] == [1, 2, 3]


def test_of_two_alike_the_one_whose_specialty_is_asked_for_comes_first(consider: Consider) -> None:
    cook, coder = consider(1, specialties={"김치": 5}), consider(2, specialties={"파이썬": 5})

    ranking = rank(QUESTION, [cook, coder], RANGE)

    assert [one.expert_id.int for one in ranking] == [2, 1]
    assert ranking[0].best is not None
    assert ranking[0].best.name == "파이썬"
    assert ranking[1].best is None


def test_a_specialty_counts_by_its_level_and_by_how_much_of_it_is_asked_for(consider: Consider) -> None:
    def value(specialties: dict[str, int]) -> float:
        return score(QUESTION, consider(specialties=specialties), RANGE).values["specialty"]

    assert value({"파이썬": 5}) == pytest.approx(1.0)
    assert value({"파이썬": 2}) == pytest.approx(0.4)
    assert value({"계약 분쟁": 4}) == pytest.approx(0.4)
    assert value({"파이썬": 2, "부동산 계약": 5, "김치": 5}) == pytest.approx(1.0)


def test_one_five_star_rating_does_not_beat_fifty_of_four_point_eight() -> None:
    assert rating_value(5, 1) < rating_value(240, 50)


def test_the_unrated_stand_between_the_praised_and_the_blamed() -> None:
    assert rating_value(10, 10) < rating_value(0, 0) < rating_value(50, 10)


def test_whoever_lets_offers_run_out_falls_behind_the_new(consider: Consider) -> None:
    silent, new = consider(1, expired=10), consider(2)

    assert [one.expert_id.int for one in rank(QUESTION, [silent, new], RANGE)] == [2, 1]


def test_of_two_alike_the_one_who_has_answered_like_questions_comes_first(consider: Consider) -> None:
    new, tried = consider(1), consider(2, history=History(similar=0.6, words=0.3, recent=0.2, count=3))

    assert [one.expert_id.int for one in rank(QUESTION, [new, tried], RANGE)] == [2, 1]


def test_having_answered_like_questions_is_fit_enough(consider: Consider) -> None:
    tried = consider(1, similarity=0.0, history=History(similar=0.5, count=2))

    assert len(rank(QUESTION, [tried], RANGE, least_fit=0.25)) == 1


def test_an_expert_the_views_do_not_know_yet_is_ranked_as_new(consider: Consider) -> None:
    unknown, new = consider(1, known=False), consider(1)

    assert score(QUESTION, unknown, RANGE).values == score(QUESTION, new, RANGE).values


def test_those_who_do_not_fit_are_no_candidates_however_good(consider: Consider) -> None:
    star = consider(1, similarity=0.1, rating_sum=500, rating_count=100, online=True)
    fitting = consider(2, similarity=0.6)

    assert [one.expert_id.int for one in rank(QUESTION, [star, fitting], RANGE, least_fit=0.25)] == [2]
    assert {one.expert_id.int for one in rank(QUESTION, [star, fitting], RANGE)} == {1, 2}


def test_a_word_in_common_is_fit_enough(consider: Consider) -> None:
    lexical = consider(1, similarity=0.0, specialties={"파이썬": 3})

    assert len(rank(QUESTION, [lexical], RANGE, least_fit=0.25)) == 1


def test_the_encoders_range_is_stretched_to_0_and_1(consider: Consider) -> None:
    def value(similarity: float) -> float:
        return score(QUESTION, consider(similarity=similarity), (0.8, 0.9)).values["similarity"]

    assert (value(0.7), value(0.85), value(0.95)) == pytest.approx((0.0, 0.5, 1.0))


def test_each_round_is_wider_than_the_one_before() -> None:
    rounds = [breadth_of(number) for number in (1, 2, 3, 4)]

    assert rounds[0].looked_at < rounds[1].looked_at < rounds[2].looked_at == rounds[3].looked_at
    assert rounds[0].least_fit > rounds[1].least_fit > rounds[2].least_fit == 0
