"""The bodies of the REST calls under `/api`, and their answers; those of accounts and operators have files of their own."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from schemas.base import (
    Category,
    ClientMsgId,
    ClosedSaid,
    Level,
    MessageText,
    MessageType,
    Name,
    QuestionStatus,
    QuestionText,
    Said,
    ShortText,
    Urgency,
)
from schemas.events.question import Reason
from schemas.events.room import MemberRole
from schemas.wire.server import FileSaid


class Problem(Said):
    """An error (RFC 9457). `code` is stable; `errors` names each field of a 422."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str = ""
    errors: tuple[dict[str, str], ...] = ()


class SpecialtySaid(Said):
    """One thing an expert knows."""

    name: str
    level: Level


class OwnExpertSaid(Said):
    """What one is known for oneself, with figures derived from what happened."""

    expert_id: UUID
    display_name: str
    specialties: tuple[SpecialtySaid, ...]
    experience_years: int
    bio: str
    capacity: int
    available: bool
    open_rooms: int
    rating: float | None
    """The mean of the stars given, none if nobody has."""
    rating_count: int
    response_rate: float | None
    """Accepted and declined among the offers that are over."""
    response_seconds: float | None
    """The mean time to an answer."""
    accepted: int
    demo: bool


class ExpertSaid(OwnExpertSaid):
    """An expert's profile as others see it."""

    online: bool


class AskBody(ClosedSaid):
    """Ask a question."""

    content: QuestionText
    category: Category | None = None
    urgency: Urgency = "medium"


class QuestionSaid(Said):
    """A question."""

    id: UUID
    user_id: UUID
    content: str
    category: str | None
    urgency: Urgency
    status: QuestionStatus
    created_at: AwareDatetime
    version: int
    position: int | None = None


class StatusBody(ClosedSaid):
    """Move one's question: resolve, cancel, reopen (`in_progress`) or try again (`pending`)."""

    status: Literal["pending", "in_progress", "resolved", "cancelled"]


class RatingBody(ClosedSaid):
    """Rate an expert of a resolved question."""

    expert_id: UUID
    stars: Annotated[int, Field(ge=1, le=5)]
    comment: ShortText = ""


class SpecialtyBody(ClosedSaid):
    """One thing one says one knows."""

    name: Name
    level: Level


class SpecialtiesBody(ClosedSaid):
    """State one's specialties and how much one takes on."""

    specialties: Annotated[tuple[SpecialtyBody, ...], Field(min_length=1, max_length=20)]
    experience_years: Annotated[int, Field(ge=0, le=80)]
    bio: ShortText = ""
    capacity: Annotated[int, Field(ge=1, le=50)] = 3
    available: bool = True


class ExpertFoundSaid(Said):
    """One result of the expert search. `score` and `reasons` are of a search with `q`."""

    expert_id: UUID
    display_name: str
    specialties: tuple[SpecialtySaid, ...]
    rating: float | None
    online: bool
    score: float | None = None
    reasons: tuple[Reason, ...] = ()


class ExpertsFoundSaid(Said):
    """A page of the search. `note` says when search by meaning was away."""

    items: tuple[ExpertFoundSaid, ...]
    next: str | None = None
    note: str | None = None


class OpenRoomBody(ClosedSaid):
    """Give me the question's room, with these people in it."""

    question_id: UUID
    participant_ids: Annotated[tuple[UUID, ...], Field(max_length=20)] = ()


class InviteBody(ClosedSaid):
    """Bring someone in."""

    user_id: UUID


class ReadBody(ClosedSaid):
    """I have read up to `up_to_seq`."""

    up_to_seq: Annotated[int, Field(ge=0, le=2**53)]


class MessageBody(ClosedSaid):
    """Say something."""

    content: MessageText
    type: Literal["text"] = "text"
    client_msg_id: ClientMsgId | None = None


class HistorySaid(Said):
    """Items of a room's history, ascending: messages, and what else takes a `seq`, each with its `type`."""

    items: tuple[dict[str, Any], ...]
    has_more: bool


class MessagePostedSaid(Said):
    """The message as it is in the room's history."""

    id: UUID
    seq: int
    type: MessageType
    content: str
    sender_id: UUID
    created_at: AwareDatetime
    client_msg_id: str
    file: FileSaid | None = None
    position: int


class ParticipantSaid(Said):
    """Someone in a room."""

    user_id: UUID
    user_name: str
    role: MemberRole
    read_seq: int = 0
    """How far they have read; whoever speaks has read what is above."""
    online: bool = False


class RoomSaid(Said):
    """A room as one of its people sees it."""

    id: UUID
    question_id: UUID
    question: str
    question_status: QuestionStatus
    status: Literal["active", "closed"]
    closed_reason: str | None
    last_seq: int
    read_seq: int
    unread: int
    participants: tuple[ParticipantSaid, ...]
    created_at: AwareDatetime
    last_at: AwareDatetime


class RoomOfQuestionSaid(Said):
    """The room of a question, as it is right after somebody asked for it."""

    id: UUID
    room_id: UUID
    """The same as `id`."""
    question_id: UUID
    status: Literal["active", "closed"]
    participants: tuple[ParticipantSaid, ...]
    last_seq: int
    position: int


class LimitsSaid(Said):
    """The limits as they are set, in the notation of the `limits` library, and sizes in bytes and characters."""

    messages: str
    frames: str
    questions: str
    logins: str
    registrations: str
    sockets: int
    files: str
    frame_bytes: int
    file_bytes: int
    message_characters: int = 8_000
    question_characters: int = 4_000


class ConfigSaid(Said):
    """What a client needs to know before signing in."""

    ws_url: str
    limits: LimitsSaid
    seats: int
    """How many experts may accept one question."""
    reply_seconds: dict[str, float]
    """By urgency: how long who accepted has for the first word before others are asked as well."""
    version: str
    push_key: str = ""
    """What a browser subscribes to Web Push with (`applicationServerKey`); empty where nobody is pushed to."""
    drafts: bool = False
    """Whether experts may have an answer drafted."""
    mails: bool = False
    """Whether those who are away are mailed."""
    demo: str = ""
    """As whom one can look around; empty where there are no demo people."""


class WriteSaid(Said):
    """The answer to a write that has nothing else to say."""

    position: int


class ListSaid(Said):
    """A page. `next` is opaque; absent on the last page."""

    items: tuple[dict[str, Any], ...]
    next: str | None = None
