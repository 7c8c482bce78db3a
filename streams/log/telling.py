"""One event as a person reads it: a JSON object, or who did what in a sentence. Pure."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from schemas.base import EventData
from schemas.envelope import Event
from schemas.events import account, expert, question, room
from schemas.events.unreadable import Unreadable
from schemas.ids import SYSTEM

Names = Mapping[UUID, str]


def as_json(event: Event) -> dict[str, Any]:
    """The whole event: where it stands, what surrounds it, and its data by the names of the wire."""
    meta = event.meta
    return {
        "position": event.position,
        "time": stamp(meta.at),
        "topic": event.topic,
        "partition": event.partition,
        "type": event.type,
        "id": event.event_id,
        "aggregate": str(event.stream_id),
        "version": event.version,
        "key": str(event.data.partition_key),
        "actor": str(meta.actor_id),
        "command": str(meta.command_id),
        "correlation": str(meta.correlation_id),
        "causation": meta.causation_id,
        "traceparent": meta.traceparent,
        "data": event.data.model_dump(mode="json", by_alias=True),
    }


def stamp(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def short_type(type_name: str) -> str:
    """`room.message_posted` of `yeon.room.message_posted.v1`; a later version keeps its number."""
    return type_name.removeprefix("yeon.").removesuffix(".v1")


def names_in(data: EventData) -> dict[UUID, str]:
    """The names that an event gives for persons."""
    pairs: list[tuple[UUID, str]] = []
    match data:
        case account.AccountRegistered() | account.AccountProfileChanged():
            pairs = [(data.user_id, data.display_name)]
        case expert.ExpertProfileSet():
            pairs = [(data.expert_id, data.display_name)]
        case question.QuestionAsked():
            pairs = [(data.asker_id, data.asker_name)]
        case question.QuestionMatched():
            pairs = [(one.expert_id, one.display_name) for one in data.candidates]
            pairs += [(one.expert_id, one.display_name) for one in data.offers]
        case question.QuestionOffered() | question.QuestionEdited():
            pairs = [(one.expert_id, one.display_name) for one in data.offers]
        case room.RoomOpened():
            pairs = [(one.user_id, one.user_name) for one in data.members]
        case room.UserJoined() | room.UserLeft():
            pairs = [(data.user_id, data.user_name)]
        case room.MessagePosted():
            pairs = [(data.sender_id, data.sender_name)]
    return {user_id: name for user_id, name in pairs if name}


def who(user_id: UUID, names: Names) -> str:
    """A person's name, or the first of their id; the system is `the system`."""
    return "the system" if user_id == SYSTEM else names.get(user_id) or f"person {str(user_id)[:8]}"


def sentence(data: EventData, names: Names) -> str:
    """What happened. Words of a person whose key is gone read as `(erased)`."""

    def all_of(ids: Iterable[UUID]) -> str:
        return ", ".join(who(one, names) for one in ids)

    match data:
        case account.AccountRegistered():
            return f"{who(data.user_id, names)} has an account ({data.role})"
        case account.AccountProfileChanged():
            return f"{who(data.user_id, names)} changed name or role ({data.role})"
        case expert.ExpertProfileSet():
            skills = ", ".join(f"{one.name or '(erased)'} {one.level}" for one in data.specialties)
            return f"{who(data.expert_id, names)} knows {skills}"
        case expert.ExpertEngaged() | expert.ExpertReleased():
            return f"{who(data.expert_id, names)} is now in {data.open_rooms} open rooms"
        case question.QuestionAsked():
            return f"{who(data.asker_id, names)} asked ({data.urgency}): {quoted(data.content)}"
        case question.QuestionMatched():
            offered = all_of(one.expert_id for one in data.offers)
            return f"round {data.round}: {len(data.candidates)} candidates; offered to {offered}"
        case question.QuestionOffered():
            return f"round {data.round}: offered to {all_of(one.expert_id for one in data.offers)}"
        case question.OfferAccepted():
            return f"{who(data.expert_id, names)} accepted{' first' if data.first else ''}"
        case question.QuestionEdited():
            return f"in other words{f', and {len(data.offers)} were told' if data.offers else ''}"
        case question.ExpertSilent():
            return f"no word from {who(data.expert_id, names)}, who had accepted"
        case question.OfferDeclined():
            return f"{who(data.expert_id, names)} declined"
        case question.OffersExpired():
            return f"no answer from {all_of(data.expert_ids)} in time"
        case question.OffersWithdrawn():
            return f"taken back from {all_of(data.expert_ids)} ({data.reason})"
        case question.RoundRequested():
            silent = ", since nobody says anything" if data.in_progress else ""
            return f"round {data.round} is to be searched{silent}; {len(data.excluded)} were asked before"
        case question.QuestionUnmatched():
            return f"nobody after {data.rounds} rounds"
        case question.ExpertRated():
            return f"{data.stars} stars for {who(data.expert_id, names)}"
        case question.QuestionShared():
            how = "lets the archive have" if data.shared else "takes back from the archive"
            return f"{who(data.user_id, names)} {how} what they said"
        case room.RoomOpened():
            return f"room of {all_of(one.user_id for one in data.members)}"
        case room.UserJoined():
            return f"{who(data.user_id, names)} joined as {data.role}"
        case room.UserLeft():
            return f"{who(data.user_id, names)} left"
        case room.MessagePosted():
            return f"{who(data.sender_id, names)}: {quoted(data.content)}"
        case room.MessageRedacted():
            return f"{who(data.user_id, names)} took back message {data.redacted_seq}"
        case room.RoomClosed():
            return f"the room closed ({data.reason})"
        case room.ReadMarked():
            return f"{who(data.user_id, names)} has read up to {data.up_to_seq}"
        case Unreadable():
            return f"cannot be read: {data.reason}"
    return ""


def quoted(text: str, most: int = 100) -> str:
    """`text` in one line and in quotes, cut where it is long."""
    if not text:
        return "(erased)"
    line = " ".join(text.split())
    return f"“{line if len(line) <= most else line[: most - 1] + '…'}”"
