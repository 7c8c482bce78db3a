"""Pages of a search: everybody once, whatever comes between."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.paging import Found, Place, page_of

RANKINGS = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3), st.sampled_from([0.0, 0.25, 0.5, 0.5001, 1.0]), max_size=30
).map(lambda scores: [{"expertId": id_, "score": score} for id_, score in scores.items()])


def pages(found: list[Found], limit: int) -> list[list[Found]]:
    made: list[list[Found]] = []
    after: Place | None = None
    while True:
        page, after = page_of(found, after, limit)
        made.append(page)
        if after is None:
            return made


@given(RANKINGS, st.integers(1, 7))
def test_all_pages_together_are_the_ranking_with_nobody_twice(found: list[Found], limit: int) -> None:
    together = [one for page in pages(found, limit) for one in page]

    assert sorted(one["expertId"] for one in together) == sorted(one["expertId"] for one in found)
    assert [one["score"] for one in together] == sorted((one["score"] for one in found), reverse=True)


@given(RANKINGS, st.integers(1, 7))
def test_only_the_last_page_may_be_short(found: list[Found], limit: int) -> None:
    *full, _ = pages(found, limit)

    assert all(len(page) == limit for page in full)


def test_somebody_new_before_the_page_moves_nobody_behind_it() -> None:
    found = [{"expertId": id_, "score": score} for id_, score in (("a", 0.9), ("b", 0.8), ("c", 0.7))]
    _, after = page_of(found, None, 2)

    page, _ = page_of([{"expertId": "z", "score": 1.0}, *found], after, 2)

    assert [one["expertId"] for one in page] == ["c"]
