"""Whose turn it is, whatever an endpoint answers."""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from streams.webhooks.line import AWAY_KEYS, SLOWEST_PROBE, Failure, Line, Policy, Waiting

START = datetime(2026, 3, 1, tzinfo=UTC)
REFUSED = Failure("answered 500", refused=True)
SILENT = Failure("no answer", refused=False)
POLICY = Policy(attempts=4, at_once=3)


def key(number: int) -> UUID:
    return UUID(int=number)


def test_a_key_that_fails_holds_its_own_later_events_only() -> None:
    line = Line(POLICY)
    for position, number in ((1, 1), (2, 2), (3, 1), (4, 2)):
        line.add(Waiting(position, key(number)))

    first, second = line.take(START), line.take(START)
    assert first is not None
    assert second is not None
    assert (first.position, second.position) == (1, 2)
    assert line.take(START) is None, "the next of a key waits for the one before it"
    again = line.failed(first, REFUSED, START, 1.0)
    line.succeeded(second, START)

    assert again is not None
    assert again.due_at == START + POLICY.first_retry
    other = line.take(START)
    assert other is not None
    assert other.position == 4
    assert line.take(START) is None
    assert line.take(again.due_at) == again


def test_silence_counts_only_while_others_are_taken() -> None:
    line = Line(POLICY)
    line.add(Waiting(1, key(1)))
    at, one = START, line.take(START)
    for _ in range(20):
        assert one is not None
        again = line.failed(one, SILENT, at, 1.0)
        assert again is not None
        assert again.counted == 0
        at = again.due_at
        one = line.take(at)
    assert one is not None

    for position in range(2, 2 + POLICY.attempts):
        line.add(Waiting(position, key(position)))
        other = line.take(at)
        assert other is not None
        line.succeeded(other, at + timedelta(seconds=1))
        still = line.failed(one, SILENT, at + timedelta(seconds=2), 1.0)
        if position == 1 + POLICY.attempts:
            assert still is None
            break
        assert still is not None
        at = max(still.due_at, at + timedelta(seconds=3))
        one = line.take(at)
        assert one is not None
    assert [left.position for left in line.leave(key(1))] == [1]


def test_an_endpoint_that_is_away_is_tried_with_one_event_at_a_time_and_at_least_each_minute() -> None:
    line = Line(POLICY)
    for number in range(1, AWAY_KEYS + 1):
        line.add(Waiting(number, key(number)))
    for one in [line.take(START) for _ in range(AWAY_KEYS)]:
        assert one is not None
        line.failed(one, SILENT, START, 1.0)
    assert line.away

    at = START
    for _ in range(20):
        coming = line.next_at()
        assert coming is not None
        assert coming - at <= SLOWEST_PROBE
        at = coming
        one = line.take(at)
        assert one is not None
        assert line.take(at + timedelta(hours=1)) is None
        line.failed(one, SILENT, at, 1.0)
    at += timedelta(hours=1)
    one = line.take(at)
    assert one is not None
    line.succeeded(one, at)
    assert not line.away
    assert line.take(at) is not None


def test_retry_after_is_waited_for() -> None:
    line = Line(POLICY)
    line.add(Waiting(1, key(1)))
    one = line.take(START)
    assert one is not None
    again = line.failed(one, Failure("answered 429", False, timedelta(seconds=77)), START, 0.0)
    assert again is not None
    assert again.due_at == START + timedelta(seconds=77)


def test_pauses_are_doubled_up_to_the_slowest_and_half_of_each_is_chance() -> None:
    assert [POLICY.pause(n, 1.0).total_seconds() for n in (1, 2, 3, 99)] == [1, 2, 4, 900]
    assert POLICY.pause(3, 0.0).total_seconds() == 2


@given(st.lists(st.integers(0, 3), min_size=1, max_size=25), st.integers(0, 2**32))
def test_whatever_happens_each_key_is_taken_in_order_and_nothing_is_lost(keys: list[int], seed: int) -> None:
    # given events of a few keys, and an endpoint that takes, refuses or is silent
    line, at, random = Line(POLICY), START, Random(seed)
    coming = [Waiting(position, key(number)) for position, number in enumerate(keys, start=1)]
    under_way: list[Waiting] = []
    taken: list[Waiting] = []
    left: list[Waiting] = []
    while coming or len(line):
        # when events come, turns are taken and answers arrive in any order
        if coming and random.random() < 0.5:
            one = coming.pop(0)
            if one.key in {parked.key for parked in left}:
                left.append(one)
            else:
                line.add(one)
        while (turn := line.take(at)) is not None:
            under_way.append(turn)
            assert len({one.key for one in under_way}) == len(under_way) <= POLICY.at_once
        if under_way:
            one = under_way.pop(random.randrange(len(under_way)))
            answer = random.choice([None, None, REFUSED, SILENT])
            if answer is None:
                line.succeeded(one, at)
                taken.append(one)
            elif line.failed(one, answer, at, random.random()) is None:
                left += line.leave(one.key)
        elif (turn_at := line.next_at()) is not None:
            at = max(at, turn_at)
        at += timedelta(milliseconds=1)

    # then each is taken once or parked, in order per key, and behind a parked one all are
    for number in set(keys):
        positions = [one.position for one in taken if one.key == key(number)]
        behind = [one.position for one in left if one.key == key(number)]
        assert positions + behind == [p for p, k in enumerate(keys, start=1) if k == number]
