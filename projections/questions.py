"""The view `questions`: questions with their status, the matcher's candidates, and offers with their deadlines."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from projections.frames import said_reasons
from projections.rows import NOTHING, Projected, RowOp, Update, Upsert
from projections.status import status_after
from schemas.base import EventData
from schemas.envelope import Event
from schemas.events.question import (
    EVENTS,
    ExpertRated,
    ExpertSilent,
    Offer,
    OfferAccepted,
    OfferDeclined,
    OffersExpired,
    OffersWithdrawn,
    QuestionAsked,
    QuestionEdited,
    QuestionMatched,
    QuestionOffered,
    QuestionShared,
    RoundRequested,
)

TYPES: frozenset[type[EventData]] = frozenset(EVENTS)


def project(event: Event) -> Projected:
    """The rows of one event."""
    match event.data:
        case QuestionAsked() as data:
            asked = {
                "asker_id": data.asker_id,
                "asker_name": data.asker_name,
                "content": data.content,
                "category": data.category,
                "urgency": data.urgency,
                "demo": data.demo,
                "created_at": event.meta.at,
            }
            return Projected([Upsert("questions", (data.question_id,), asked | _moved(event))])
        case QuestionEdited() as data:
            words = {"content": data.content, "category": data.category, "urgency": data.urgency}
            return _question(event, data.question_id, words, [])
        case QuestionMatched() as data:
            found = {"round": data.round, "model": data.model.model_dump(mode="json")}
            return _question(event, data.question_id, found, [*_candidates(data), *_offers(data)])
        case QuestionOffered() as data:
            return _question(event, data.question_id, {"round": data.round}, _offers(data))
        case OfferAccepted() as data:
            accepted = _closed(event, data.question_id, [data.expert_id], "accepted")
            return _question(event, data.question_id, {"room_id": data.room_id}, accepted)
        case ExpertSilent() as data:
            return _question(event, data.question_id, {}, [])
        case OfferDeclined() as data:
            declined = _closed(event, data.question_id, [data.expert_id], "declined")
            return _question(event, data.question_id, {}, declined)
        case OffersExpired() as data:
            return _question(
                event, data.question_id, {}, _closed(event, data.question_id, data.expert_ids, "expired")
            )
        case OffersWithdrawn() as data:
            return _question(
                event, data.question_id, {}, _closed(event, data.question_id, data.expert_ids, data.reason)
            )
        case RoundRequested() as data:
            return _question(event, data.question_id, {"round": data.round}, [])
        case ExpertRated() as data:
            rated = Update("offers", (data.question_id, data.expert_id), {"stars": data.stars})
            return _question(event, data.question_id, {}, [rated])
        case QuestionShared() as data:
            told = Upsert("shares", (data.question_id, data.user_id), {"shared": data.shared})
            seen = Update("questions", (data.question_id,), {"version": event.version})
            return Projected([told, seen])
    if status_after(event.data) is None:
        return NOTHING
    return Projected([Update("questions", (event.data.partition_key,), _moved(event))])


def _moved(event: Event) -> dict[str, Any]:
    """What every event of a question changes in its row."""
    moved = {"version": event.version, "updated_at": event.meta.at}
    status = status_after(event.data)
    return moved if status is None else {**moved, "status": status}


def _question(event: Event, question_id: UUID, values: dict[str, Any], others: Iterable[RowOp]) -> Projected:
    return Projected([Update("questions", (question_id,), values | _moved(event)), *others])


def _candidates(data: QuestionMatched) -> list[RowOp]:
    return [
        Upsert(
            "candidates",
            (data.question_id, candidate.expert_id),
            {
                "round": data.round,
                "rank": rank,
                "display_name": candidate.display_name,
                "score": candidate.score,
                "reasons": said_reasons(candidate.reasons),
            },
        )
        for rank, candidate in enumerate(data.candidates, start=1)
    ]


def _offers(data: QuestionMatched | QuestionOffered) -> list[RowOp]:
    return [Upsert("offers", (data.question_id, offer.expert_id), _open(offer)) for offer in data.offers]


def _open(offer: Offer) -> dict[str, Any]:
    return {
        "display_name": offer.display_name,
        "score": offer.score,
        "reasons": said_reasons(offer.reasons),
        "round": offer.round,
        "state": "open",
        "offered_at": offer.offered_at,
        "expires_at": offer.expires_at,
        "closed_at": None,
    }


def _closed(event: Event, question_id: UUID, expert_ids: Iterable[UUID], state: str) -> list[RowOp]:
    values = {"state": state, "closed_at": event.meta.at}
    return [Update("offers", (question_id, expert_id), values) for expert_id in expert_ids]
