"""What the relay makes of what a broker holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.relay.standing import NOTHING, Extent, Held, Mark, is_lost, last_good, scan_start


def held(offset: int, position: int, previous: int = 0) -> Held:
    return Held(Mark(offset, position), previous, f"event {position}")


@pytest.mark.parametrize(
    ("mark", "extent", "found", "lost"),
    [
        pytest.param(NOTHING, Extent(0, 0), None, False, id="nothing was written"),
        pytest.param(Mark(4, 9), Extent(0, 5), held(4, 9), False, id="as written"),
        pytest.param(Mark(4, 9), Extent(0, 3), None, True, id="the end is gone"),
        pytest.param(Mark(4, 9), Extent(0, 0), None, True, id="all is gone"),
        pytest.param(Mark(4, 9), Extent(0, 7), held(4, 12), True, id="another record at its offset"),
        pytest.param(Mark(4, 9), Extent(0, 7), None, True, id="nothing at its offset"),
        pytest.param(Mark(4, 9), Extent(5, 5), None, False, id="its time was up"),
    ],
)
def test_a_record_is_lost_if_it_is_no_more_what_was_written(
    mark: Mark, extent: Extent, found: Held | None, lost: bool
) -> None:
    assert is_lost(mark, extent, found) is lost


def test_what_was_written_after_the_checkpoint_is_taken_up() -> None:
    mark = Mark(4, 9)
    start = scan_start(mark, Extent(0, 7), lost=False, tail=10)
    assert start == 5
    assert last_good(mark, False, start, [held(5, 12, 9), held(6, 13, 12)]) == Mark(6, 13)


def test_a_record_after_an_unnoticed_gap_is_passed_over() -> None:
    # the broker lost positions 5 and 6, and 7 was written before anyone saw that
    records = [held(0, 1, 0), held(1, 4, 1), held(2, 7, 6)]
    assert last_good(Mark(3, 6), True, 0, records) == Mark(1, 4)


def test_the_first_record_of_a_topic_made_anew_is_no_reason_to_leave_out_what_was_before() -> None:
    assert last_good(Mark(90, 400), True, 0, [held(0, 412, 400)]) == NOTHING


def test_without_a_checkpoint_the_records_are_believed() -> None:
    extent = Extent(20, 120)
    start = scan_start(NOTHING, extent, lost=False, tail=10)
    assert start == 110
    assert last_good(NOTHING, False, start, [held(110, 50, 48), held(111, 53, 50)]) == Mark(111, 53)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=30), st.data())
def test_publishing_again_after_the_last_good_record_leaves_no_gap(
    steps: list[int], data: st.DataObject
) -> None:
    # given a partition as it was written, and a broker that kept a beginning of it
    positions = [sum(steps[: i + 1]) for i in range(len(steps))]
    log = [held(i, position, positions[i - 1] if i else 0) for i, position in enumerate(positions)]
    kept = data.draw(st.integers(0, len(log)))
    marked = data.draw(st.integers(0, len(log) - 1))
    mark, extent = log[marked].mark, Extent(0, kept)

    # when the relay looks
    lost = is_lost(mark, extent, log[marked] if marked < kept else None)
    start = scan_start(mark, extent, lost, tail=100)
    good = last_good(mark, lost, start, log[start:kept])

    # then it goes on right after what was kept
    assert lost is (marked >= kept)
    assert good == (log[kept - 1].mark if kept else NOTHING)
