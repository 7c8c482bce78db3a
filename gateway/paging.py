"""Pages of a ranking that is made anew for each of them. Pure.

A page begins behind the score and the id its predecessor ended with, so that whoever keeps their score is found once,
whatever became of the others meanwhile.
"""

from collections.abc import Sequence
from typing import Any

Found = dict[str, Any]
"""One item of the matcher's: `score` and `expertId` are looked at."""
Place = tuple[float, str]
"""Score and expert id of the last item of a page."""


def page_of(found: Sequence[Found], after: Place | None, limit: int) -> tuple[list[Found], Place | None]:
    """The next `limit` items behind `after`, best first, equal scores by id; and where the next page begins, if any."""
    ordered = sorted(found, key=lambda one: _key(place_of(one)))
    rest = [one for one in ordered if after is None or _key(place_of(one)) > _key(after)]
    page = rest[:limit]
    return page, place_of(page[-1]) if len(rest) > limit else None


def place_of(one: Found) -> Place:
    """Where `one` stands in the ranking."""
    return one["score"], one["expertId"]


def _key(place: Place) -> Place:
    return -place[0], place[1]
