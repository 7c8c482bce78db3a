"""A ranking in sentences."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.analysis import analyse
from matcher.ranking import Considered, History, score
from matcher.reasons import to_candidate

QUESTION = analyse("파이썬 질문이에요")
Consider = Callable[..., Considered]


def test_reasons_tell_the_whole_score_largest_share_first(consider: Consider) -> None:
    history = History(similar=0.5, words=0.4, recent=0.3, topic=0.2, count=14)
    one = consider(specialties={"파이썬": 4}, online=True, history=history)
    ranked = score(QUESTION, one, (0.0, 1.0))

    candidate = to_candidate(ranked)

    shares = [reason.contribution for reason in candidate.reasons]
    assert sum(shares) == pytest.approx(candidate.score, abs=1e-3)
    assert shares == sorted(shares, reverse=True)
    assert {reason.feature for reason in candidate.reasons} == set(ranked.values)
    assert candidate.display_name == "전문가 1"


def test_a_feature_that_gave_nothing_is_no_reason(consider: Consider) -> None:
    candidate = to_candidate(score(QUESTION, consider(), (0.0, 1.0)))

    assert not {"online", "specialty"} & {reason.feature for reason in candidate.reasons}


def test_sentences_say_what_is_known(consider: Consider) -> None:
    one = consider(
        specialties={"파이썬": 4},
        rating_sum=9,
        rating_count=2,
        accepted=3,
        expired=1,
        history=History(similar=0.5, count=14),
    )

    reasons = {r.feature: r for r in to_candidate(score(QUESTION, one, (0.0, 1.0))).reasons}

    assert reasons["specialty"].ko == "질문에 나온 말이 전문 분야에 있어요 (수준 4/5)."
    assert reasons["rating"].ko == "평균 별점이 4.5점이에요 (2번)."
    assert reasons["rating"].en == "Rated 4.5 of 5 on average (2 times)."
    assert reasons["similar_answers"].ko == "질문 14건에 답했고, 이번과 비슷한 질문도 있었어요."
    assert reasons["response_rate"].en == "Answered 3 of 4 offers."


def test_reasons_quote_neither_the_question_nor_the_expert(consider: Consider) -> None:
    """They stand readable in the store, where personal words are sealed."""
    candidate = to_candidate(score(QUESTION, consider(specialties={"파이썬": 5}), (0.0, 1.0)))

    said = " ".join(reason.ko + reason.en for reason in candidate.reasons)
    assert "파이썬" not in said
    assert "전문가 1" not in said


@given(similarity=st.floats(0, 1), rooms=st.integers(0, 3), seconds=st.floats(0, 1e6), known=st.booleans())
def test_there_is_a_sentence_for_every_value(
    consider: Consider, similarity: float, rooms: int, seconds: float, known: bool
) -> None:
    one = consider(
        similarity=similarity, open_rooms=rooms, accepted=1, response_seconds_sum=seconds, known=known
    )

    for reason in to_candidate(score(QUESTION, one, (0.0, 1.0))).reasons:
        assert reason.ko.endswith("요.") or "(" in reason.ko
        assert reason.en.endswith(".")
