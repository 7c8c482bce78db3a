"""The frames that we send. Each is `{"type", "id"?, "data"}`; the models here are the `data`.

Frames with a `seq` are the room's history, those with an `inbox_seq` the person's inbox; the rest are never stored.
"""

from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime

from schemas.base import MessageType, QuestionStatus, Said, SentFile, Urgency
from schemas.events.question import Reason
from schemas.events.room import MemberRole
from schemas.port import ErrorCode


class ServerFrame(Said):
    """The `data` of one server frame; `TYPE` is the frame's `type`."""

    TYPE: ClassVar[str]


class Ack(ServerFrame):
    """The answer to a frame that was carried out. It carries the frame's own `id`."""

    TYPE: ClassVar[str] = "ack"
    position: int | None = None
    message_id: UUID | None = None
    seq: int | None = None
    room_id: UUID | None = None
    last_seq: int | None = None
    inbox_seq: int | None = None
    rooms: dict[UUID, int] | None = None
    """After `resume`: where each room that was joined stands."""
    refused: dict[UUID, ErrorCode] | None = None
    """After `resume`: the rooms that could not be joined."""


class Error(ServerFrame):
    """The answer to a frame that was not carried out, or (without `id`) to one that could not be read."""

    TYPE: ClassVar[str] = "error"
    code: ErrorCode
    message: str
    field: str | None = None
    retryable: bool
    retry_after_ms: int | None = None


class Authenticated(ServerFrame):
    """The sender is known. `inbox_seq` is where live notifications start."""

    TYPE: ClassVar[str] = "authenticated"
    user_id: UUID
    session_id: UUID
    inbox_seq: int
    heartbeat_s: int
    resumed: bool
    """True when this socket was authenticated before."""


class Pong(ServerFrame):
    """The answer to a `ping` without `id`."""

    TYPE: ClassVar[str] = "pong"


class FileSaid(SentFile):
    """A file in a room, to be had from `GET /api/chat-rooms/:roomId/files/:id` by those who are in it."""

    id: UUID
    name: str


class MessageSaid(Said):
    """The message in a `new_message`."""

    id: UUID
    content: str
    type: MessageType
    created_at: AwareDatetime
    client_msg_id: str = ""
    redacted: bool = False
    """Taken back by its author; the content is empty then."""
    file: FileSaid | None = None
    """Of a message of type `file`, unless it was taken back."""


class Sender(Said):
    """Who said it, by the name they had then."""

    user_id: UUID
    user_name: str


class NewMessage(ServerFrame):
    """Something was said in the room."""

    TYPE: ClassVar[str] = "new_message"
    room_id: UUID
    seq: int
    message: MessageSaid
    sender: Sender


class UserJoined(ServerFrame):
    """Someone came into the room."""

    TYPE: ClassVar[str] = "user_joined"
    room_id: UUID
    seq: int
    user_id: UUID
    user_name: str


class UserLeft(ServerFrame):
    """Someone left the room."""

    TYPE: ClassVar[str] = "user_left"
    room_id: UUID
    seq: int
    user_id: UUID
    user_name: str


class RoomClosed(ServerFrame):
    """The room takes no more messages."""

    TYPE: ClassVar[str] = "room_closed"
    room_id: UUID
    seq: int
    reason: Literal["resolved", "cancelled"]


class RoomReopened(ServerFrame):
    """The room takes messages again."""

    TYPE: ClassVar[str] = "room_reopened"
    room_id: UUID
    seq: int


class MessageRedacted(ServerFrame):
    """The author took a message back; `redacted_seq` is its place."""

    TYPE: ClassVar[str] = "message_redacted"
    room_id: UUID
    seq: int
    redacted_seq: int
    message_id: UUID
    user_id: UUID


class TypingIndicator(ServerFrame):
    """Someone in the room is writing, or has stopped."""

    TYPE: ClassVar[str] = "typing_indicator"
    room_id: UUID
    user_id: UUID
    is_typing: bool


class PresenceChanged(ServerFrame):
    """Someone one shares a room with came online or went."""

    TYPE: ClassVar[str] = "presence"
    user_id: UUID
    online: bool


class MessagesRead(ServerFrame):
    """Someone has read the room up to `up_to_seq`."""

    TYPE: ClassVar[str] = "messages_read"
    room_id: UUID
    user_id: UUID
    up_to_seq: int


class QuestionOffered(Said):
    """The question in an offer."""

    id: UUID
    content: str
    category: str | None = None
    urgency: Urgency
    user_id: UUID


class OfferMade(Said):
    """Why this expert, and until when."""

    score: float
    reasons: tuple[Reason, ...] = ()
    expires_at: AwareDatetime


class QuestionAssigned(ServerFrame):
    """An expert is offered a question."""

    TYPE: ClassVar[str] = "question_assigned"
    inbox_seq: int
    question: QuestionOffered
    offer: OfferMade


class OfferClosed(ServerFrame):
    """An offer to this expert is over without their answer."""

    TYPE: ClassVar[str] = "offer_closed"
    inbox_seq: int
    question_id: UUID
    reason: Literal["taken", "expired", "withdrawn"]


class ExpertFound(Said):
    """A matched expert as the asker sees them."""

    expert_id: UUID
    display_name: str
    score: float
    reasons: tuple[Reason, ...] = ()


class ExpertMatched(ServerFrame):
    """The asker is told who was found."""

    TYPE: ClassVar[str] = "expert_matched"
    inbox_seq: int
    question_id: UUID
    experts: tuple[ExpertFound, ...]


class QuestionStatusChanged(ServerFrame):
    """The question moved."""

    TYPE: ClassVar[str] = "question_status"
    inbox_seq: int
    question_id: UUID
    status: QuestionStatus


class Participant(Said):
    """Someone in a room."""

    user_id: UUID
    user_name: str
    role: MemberRole


class RoomOpened(ServerFrame):
    """A room one is in now."""

    TYPE: ClassVar[str] = "room_opened"
    inbox_seq: int
    room_id: UUID
    question_id: UUID
    participants: tuple[Participant, ...]


class Draining(ServerFrame):
    """This gateway is about to restart: come back after so long."""

    TYPE: ClassVar[str] = "draining"
    reconnect_after_ms: int


SERVER_FRAMES: dict[str, type[ServerFrame]] = {
    frame.TYPE: frame
    for frame in (
        Ack,
        Error,
        Authenticated,
        Pong,
        NewMessage,
        UserJoined,
        UserLeft,
        RoomClosed,
        RoomReopened,
        MessageRedacted,
        TypingIndicator,
        PresenceChanged,
        MessagesRead,
        QuestionAssigned,
        OfferClosed,
        ExpertMatched,
        QuestionStatusChanged,
        RoomOpened,
        Draining,
    )
}

CLOSE_CODES: dict[int, str] = {
    1009: "frame too large",
    1012: "service restart",
    4400: "too many frames that are not ours",
    4401: "unauthenticated, or the token ran out",
    4403: "forbidden",
    4408: "too slow a reader",
    4429: "too many frames",
}


def frame(data: ServerFrame, frame_id: str | int | None = None) -> dict[str, Any]:
    """The whole frame around `data`, ready to be encoded as JSON. Absent values are left out."""
    whole: dict[str, Any] = {"type": data.TYPE}
    if frame_id is not None:
        whole["id"] = frame_id
    whole["data"] = data.model_dump(mode="json", by_alias=True, exclude_none=True)
    return whole
