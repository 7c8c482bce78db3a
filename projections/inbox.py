"""The view `inbox`: what each person is told. Each `told` entry of an event is one row and one frame, made from that
event alone."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from projections.frames import inbox_frame, said_reasons, stamp
from projections.rows import Projected, Push, RowOp, Upsert
from projections.status import status_after
from schemas.base import EventData
from schemas.envelope import Event
from schemas.events import CATALOGUE
from schemas.events.question import (
    Offer,
    OffersExpired,
    OffersWithdrawn,
    QuestionEdited,
    QuestionMatched,
    QuestionOffered,
    Told,
)
from schemas.events.room import Member, RoomOpened, UserJoined


class NothingToTell(ValueError):
    """An event tells someone of a kind of frame that cannot be made from it."""

    def __init__(self, data: EventData, told: Told) -> None:
        super().__init__(f"{data.TYPE} holds nothing for {told.frame} to {told.user_id}")


TYPES: frozenset[type[EventData]] = frozenset(
    event for event in CATALOGUE.values() if "told" in event.model_fields
)


def project(event: Event) -> Projected:
    """The rows and frames of one event."""
    everyone: Sequence[Told] = getattr(event.data, "told", ())
    ops: list[RowOp] = []
    pushes: list[Push] = []
    for told in everyone:
        data = {"inboxSeq": told.inbox_seq, **_said(event, told)}
        row = {"frame": told.frame, "data": data, "created_at": event.meta.at}
        ops.append(Upsert("inbox", (told.user_id, told.inbox_seq), row))
        pushes.append(Push("user", told.user_id, told.inbox_seq, inbox_frame(told.frame, data)))
    return Projected(ops, lambda: pushes)


def _said(event: Event, told: Told) -> dict[str, Any]:
    data = event.data
    match told.frame, data:
        case "question_assigned", QuestionMatched() | QuestionOffered() | QuestionEdited():
            for offer in data.offers:
                if offer.expert_id == told.user_id:
                    return {"question": _question(event, data), "offer": _offer(offer)}
        case "expert_matched", QuestionMatched() | QuestionOffered():
            return {
                "questionId": str(data.question_id),
                "experts": [_expert(offer) for offer in data.offers],
            }
        case "offer_closed", OffersExpired():
            return {"questionId": str(data.question_id), "reason": "expired"}
        case "offer_closed", OffersWithdrawn():
            return {"questionId": str(data.question_id), "reason": data.reason}
        case "room_opened", RoomOpened() | UserJoined():
            return {
                "roomId": str(data.room_id),
                "questionId": str(data.question_id),
                "participants": [_participant(member) for member in data.members],
            }
        case "question_status", _:
            status = status_after(data)
            if status is not None:
                return {"questionId": str(data.partition_key), "status": status}
    raise NothingToTell(data, told)


def _question(event: Event, data: QuestionMatched | QuestionOffered | QuestionEdited) -> dict[str, Any]:
    about = {
        "id": str(data.question_id),
        "content": data.content,
        "urgency": data.urgency,
        "status": "matched",
        "userId": str(data.asker_id),
        "createdAt": stamp(_asked_at(data.question_id, event.meta.at)),
    }
    return about if data.category is None else {**about, "category": data.category}


def _asked_at(question_id: UUID, otherwise: datetime) -> datetime:
    """When the question was asked: our ids are UUIDs of version 7, whose first 48 bits are milliseconds (RFC 9562)."""
    if question_id.version != 7:
        return otherwise
    return datetime.fromtimestamp((question_id.int >> 80) / 1000, UTC)


def _offer(offer: Offer) -> dict[str, Any]:
    return {
        "score": offer.score,
        "reasons": said_reasons(offer.reasons),
        "expiresAt": stamp(offer.expires_at),
        "round": offer.round,
    }


def _expert(offer: Offer) -> dict[str, Any]:
    return {
        "expertId": str(offer.expert_id),
        "displayName": offer.display_name,
        "score": offer.score,
        "reasons": said_reasons(offer.reasons),
    }


def _participant(member: Member) -> dict[str, Any]:
    return {"userId": str(member.user_id), "userName": member.user_name, "role": member.role}
