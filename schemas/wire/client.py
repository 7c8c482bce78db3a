"""The frames that clients send. Each is `{"type", "id"?, "data"}`; the models here are the `data`.

`user_id` and `expert_id` are accepted for clients of the first design, and only if they name the sender.
"""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from schemas.base import ClientMsgId, ClosedSaid, MessageText

Seq = Annotated[int, Field(ge=0, le=2**53)]


class ClientFrame(ClosedSaid):
    """The `data` of one client frame; `TYPE` is the frame's `type`."""

    TYPE: ClassVar[str]
    user_id: UUID | None = None


class Authenticate(ClientFrame):
    """Says who is there: the first frame, and again with a fresh token before the old one runs out."""

    TYPE: ClassVar[str] = "authenticate"
    token: Annotated[str, Field(min_length=1, max_length=4_096)]


class JoinRoom(ClientFrame):
    """Listen to a room: what was missed after `after_seq` comes first, then the `ack`, then what is new."""

    TYPE: ClassVar[str] = "join_room"
    room_id: UUID
    after_seq: Seq | None = None
    """Absent: nothing is missed, listening starts at the room's present end."""


class LeaveRoom(ClientFrame):
    """Stop listening; membership is the room's business."""

    TYPE: ClassVar[str] = "leave_room"
    room_id: UUID


class MessageGiven(ClosedSaid):
    """What is said. The same `client_msg_id` again in the room by the sender gets the first answer.

    Without one, as in the first design, what is sent twice is said twice.
    """

    content: MessageText
    type: Literal["text"] = "text"
    client_msg_id: ClientMsgId | None = None


class SendMessage(ClientFrame):
    """Say something in a room; the `ack` comes once it is in the event store."""

    TYPE: ClassVar[str] = "send_message"
    room_id: UUID
    message: MessageGiven


class TypingStart(ClientFrame):
    """The sender is writing; ends by itself after 6 s."""

    TYPE: ClassVar[str] = "typing_start"
    room_id: UUID


class TypingStop(ClientFrame):
    """The sender has stopped writing."""

    TYPE: ClassVar[str] = "typing_stop"
    room_id: UUID


class AcceptQuestion(ClientFrame):
    """The expert takes a question they were offered."""

    TYPE: ClassVar[str] = "accept_question"
    question_id: UUID
    expert_id: UUID | None = None


class DeclineQuestion(ClientFrame):
    """The expert does not take a question they were offered."""

    TYPE: ClassVar[str] = "decline_question"
    question_id: UUID
    expert_id: UUID | None = None


class MarkRead(ClientFrame):
    """The sender has read the room up to `up_to_seq`."""

    TYPE: ClassVar[str] = "mark_read"
    room_id: UUID
    up_to_seq: Seq


class Resume(ClientFrame):
    """Where the client stood when it lost its connection; everything after that comes, in order."""

    TYPE: ClassVar[str] = "resume"
    inbox_seq: Seq
    rooms: dict[UUID, Seq] = Field(default_factory=dict, max_length=200)
    """The last `seq` it has, by room; those rooms are joined."""


class Visibility(ClientFrame):
    """Whether the person sees this client now. One that never says so counts as seen while it is connected.

    Who sees none of their clients is told by mail or push of what concerns them, a few seconds after they looked last.
    """

    TYPE: ClassVar[str] = "visibility"
    visible: bool


class Ping(ClientFrame):
    """Answered by `ack` with an `id`, by `pong` without."""

    TYPE: ClassVar[str] = "ping"


CLIENT_FRAMES: dict[str, type[ClientFrame]] = {
    frame.TYPE: frame
    for frame in (
        Authenticate,
        JoinRoom,
        LeaveRoom,
        SendMessage,
        TypingStart,
        TypingStop,
        AcceptQuestion,
        DeclineQuestion,
        MarkRead,
        Resume,
        Visibility,
        Ping,
    )
}
