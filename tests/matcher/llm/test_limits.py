"""Budget and breaker, by a clock that the test turns."""

from matcher.llm.breaker import Breaker
from matcher.llm.budget import HOUR, Budget


def test_what_was_spent_an_hour_ago_may_be_spent_again() -> None:
    budget = Budget(calls=2, tokens=100)

    assert [budget.take(at, 10) for at in (0.0, 1.0, 2.0)] == [True, True, False]
    assert budget.take(HOUR, 10)
    assert not budget.take(HOUR + 0.5, 10)


def test_tokens_end_it_too_and_a_cheaper_call_gives_back() -> None:
    budget = Budget(calls=10, tokens=100)

    assert budget.take(0.0, 80)
    assert not budget.take(1.0, 30)
    budget.correct(0.0, -50)
    assert budget.take(2.0, 70)


def test_a_trial_that_fails_opens_the_breaker_anew() -> None:
    breaker = Breaker(failures=1, open_seconds=30)
    breaker.failed(0.0)

    assert [breaker.lets_through(at) for at in (29.0, 30.0, 31.0)] == [False, True, False]
    breaker.failed(31.0)
    assert [breaker.lets_through(at) for at in (60.0, 61.0)] == [False, True]
    breaker.succeeded()
    assert breaker.lets_through(61.0)
