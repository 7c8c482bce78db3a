"""What came in is held against what must have come, and two lists are told apart at their first difference."""

import pytest

from infra.log import Place
from schemas.topics import CONVERSATIONS
from streams.audit.observed import Missing, Observed
from streams.audit.topics import Entry, first_difference

AT = (CONVERSATIONS, 3)


def place(position: int, event_id: str = "") -> Place:
    return Place(position, *AT, event_id or f"e{position}")


def test_a_record_that_never_came_is_found_once() -> None:
    observed = Observed()
    for position in (4, 5, 7, 9):
        observed.see(AT, position, f"e{position}")
    observed.see(AT, 5, "e5")

    assert observed.behind() == 3
    assert observed.compare([place(p) for p in (2, 4, 5, 6, 7)], 7) == Missing(
        place(6), f"{CONVERSATIONS}/3 lacks event e6"
    )
    assert observed.behind() == 7
    assert observed.compare([place(9)], 9) is None


def test_another_event_in_its_place_is_found_and_what_is_not_ours_is_left_alone() -> None:
    observed = Observed()
    observed.see(AT, 1, "e1")
    observed.see((CONVERSATIONS, 4), 2, "f2")
    assert observed.compare([Place(1, *AT, "another"), Place(2, CONVERSATIONS, 4, "f2")], 2) == Missing(
        Place(1, *AT, "another"), f"{CONVERSATIONS}/3 holds e1 instead of event another"
    )
    observed.keep([AT])
    assert observed.compare([Place(3, CONVERSATIONS, 4, "f3")], 3) is None


@pytest.mark.parametrize(
    ("held", "found"),
    [
        ([1, 2, 3], None),
        ([1, 3], (2, "lacks event e2")),
        ([1, 2], (3, "lacks event e3")),
        ([1, 2, 3, 4], (4, "holds too much")),
        ([2, 3], (1, "lacks event e1")),
    ],
)
def test_the_first_difference_of_two_lists(held: list[int], found: tuple[int, str] | None) -> None:
    assert (
        first_difference([Entry(p, f"e{p}") for p in (1, 2, 3)], [Entry(p, f"e{p}") for p in held]) == found
    )
