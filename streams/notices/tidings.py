"""What of the events is worth telling a person who is away, and about what. Pure: an event in, tidings out.

The words stay where they are: a tiding only says that there is something, and the sender looks what is left of it.
"""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from schemas.envelope import Event
from schemas.events.question import (
    OfferAccepted,
    QuestionMatched,
    QuestionOffered,
    QuestionUnmatched,
)
from schemas.events.room import MessagePosted, RoomOpened, UserJoined

Kind = Literal["offer", "matched", "accepted", "unmatched", "invited", "message"]
TYPES: frozenset[str] = frozenset(
    event.TYPE
    for event in (
        QuestionMatched,
        QuestionOffered,
        OfferAccepted,
        QuestionUnmatched,
        RoomOpened,
        UserJoined,
        MessagePosted,
    )
)
"""The events that tell anybody anything."""


@dataclass(frozen=True, slots=True)
class Tiding:
    """Something to tell one person about a question or a room. A later one about the same takes its place."""

    user_id: UUID
    about: UUID
    kind: Kind


def told_by(event: Event) -> list[Tiding]:
    """Whom the event tells of what. Whoever did it is not told; of a message see `stirred_by`."""
    data = event.data
    found: list[Tiding] = []
    match data:
        case QuestionMatched():
            found = [Tiding(offer.expert_id, data.question_id, "offer") for offer in data.offers]
            if not data.in_progress:
                found.append(Tiding(data.asker_id, data.question_id, "matched"))
        case QuestionOffered():
            found = [Tiding(offer.expert_id, data.question_id, "offer") for offer in data.offers]
        case OfferAccepted() | RoomOpened():
            found = [Tiding(data.asker_id, data.question_id, "accepted")]
        case QuestionUnmatched():
            found = [Tiding(data.asker_id, data.question_id, "unmatched")]
        case UserJoined(invited_by=inviter) if inviter is not None:
            found = [Tiding(data.user_id, data.room_id, "invited")]
    return [tiding for tiding in found if tiding.user_id != event.meta.actor_id]


def stirred_by(event: Event) -> UUID | None:
    """The room in which the event said something."""
    return event.data.room_id if isinstance(event.data, MessagePosted) else None
