"""The view `expert_figures`: how experts have answered and were rated.

An expert's questions lie on many partitions, so only sums and latest moments stand here, which come out the same in
whatever order they are added. Seconds are decimals for the same reason.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from projections.rows import NOTHING, Add, Projected
from schemas.base import EventData
from schemas.envelope import Event
from schemas.events.question import (
    ExpertRated,
    OfferAccepted,
    OfferDeclined,
    OffersExpired,
    OffersWithdrawn,
    QuestionMatched,
    QuestionOffered,
)

_MICROSECOND = timedelta(microseconds=1)


TYPES: frozenset[type[EventData]] = frozenset(
    {
        QuestionMatched,
        QuestionOffered,
        OfferAccepted,
        OfferDeclined,
        OffersExpired,
        OffersWithdrawn,
        ExpertRated,
    }
)


def project(event: Event) -> Projected:
    """The sums of one event."""
    match event.data:
        case QuestionMatched() | QuestionOffered() as data:
            return _each((offer.expert_id for offer in data.offers), {"offered": 1, "open_offers": 1})
        case OfferAccepted() as data:
            return _answered(event, data.expert_id, data.offered_at, "accepted")
        case OfferDeclined() as data:
            return _answered(event, data.expert_id, data.offered_at, "declined")
        case OffersExpired() as data:
            return _each(data.expert_ids, {"expired": 1, "open_offers": -1})
        case OffersWithdrawn() as data:
            return _each(data.expert_ids, {"open_offers": -1})
        case ExpertRated() as data:
            first = data.previous_stars is None
            sums = {"rating_sum": data.stars - (data.previous_stars or 0), "rating_count": int(first)}
            return _each([data.expert_id], sums)
        case _:
            return NOTHING


def _each(expert_ids: Iterable[UUID], sums: dict[str, Any]) -> Projected:
    return Projected([Add("expert_figures", (expert_id,), sums) for expert_id in expert_ids])


def _answered(event: Event, expert_id: UUID, offered_at: datetime, how: str) -> Projected:
    took = Decimal((event.meta.at - offered_at) // _MICROSECOND).scaleb(-6)
    sums = {how: 1, "open_offers": -1, "response_seconds_sum": took}
    return Projected([Add("expert_figures", (expert_id,), sums, {"last_active_at": event.meta.at})])
