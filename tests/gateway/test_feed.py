"""The feed: whatever is lost, repeated or late, each number goes out once, in order."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.feed import WAITING_AT_MOST, Feed

LENGTH = 30


def numbered(numbers: list[int]) -> list[tuple[int, str]]:
    return [(number, f"f{number}") for number in numbers]


@given(
    start=st.integers(0, LENGTH),
    before=st.lists(st.integers(1, LENGTH), max_size=20),
    steps=st.lists(
        st.one_of(
            st.integers(1, LENGTH).map(lambda n: ("push", n)),
            st.tuples(st.integers(0, LENGTH), st.integers(0, 8)).map(lambda r: ("fill", r)),
        ),
        max_size=60,
    ),
)
def test_each_number_goes_out_once_and_in_order(
    start: int, before: list[int], steps: list[tuple[str, object]]
) -> None:
    feed: Feed[str] = Feed()
    for number in before:
        assert feed.push(number, f"f{number}") == []
    out = feed.start(start)
    for kind, what in steps:
        if kind == "push":
            assert isinstance(what, int)
            out += feed.push(what, f"f{what}")
        else:
            assert isinstance(what, tuple)
            after, count = what
            out += feed.fill(numbered(list(range(after + 1, min(after + 1 + count, LENGTH + 1)))))
    assert out == numbered(list(range(start + 1, start + 1 + len(out))))
    feed.known(LENGTH)
    assert feed.behind == (feed.head != LENGTH)
    out += feed.fill(numbered(list(range((feed.head or 0) + 1, LENGTH + 1))))
    assert out == numbered(list(range(start + 1, LENGTH + 1)))
    assert not feed.behind


def test_a_hole_is_noticed_at_once() -> None:
    feed: Feed[str] = Feed()
    feed.start(3)
    assert feed.push(5, "f5") == []
    assert feed.behind
    assert feed.push(4, "f4") == [(4, "f4"), (5, "f5")]
    assert not feed.behind


def test_what_waits_is_bounded_and_comes_back_from_the_views() -> None:
    feed: Feed[str] = Feed()
    feed.start(0)
    last = WAITING_AT_MOST + 50
    for number in range(2, last + 1):
        assert feed.push(number, f"f{number}") == []
    out = feed.push(1, "f1")
    assert len(out) == WAITING_AT_MOST
    assert feed.behind
    assert feed.fill(numbered(list(range((feed.head or 0) + 1, last + 1))))[-1] == (last, f"f{last}")
    assert not feed.behind
