"""Events of rooms and of reading in them, keyed by question id.

In a room's stream, opening is version 1 and every later event takes one `seq`, so `seq == version - 1` always.
"""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from schemas.base import EventData, MessageType, Personal, Said, SentFile
from schemas.events.question import Told
from schemas.topics import CONVERSATIONS

MemberRole = Literal["asker", "expert", "guest"]


class Member(Said):
    """Someone in a room, by the name they had when they came in."""

    user_id: UUID
    user_name: Annotated[str, Personal("user_id")]
    role: MemberRole


class _RoomEvent(EventData):
    TOPIC: ClassVar[str] = CONVERSATIONS
    room_id: UUID
    question_id: UUID

    @property
    def partition_key(self) -> UUID:
        return self.question_id


class _Numbered(_RoomEvent):
    seq: int
    """Place in the room's history, from 1 without gaps."""


class RoomOpened(_RoomEvent):
    """The first acceptance opened the room. It takes no `seq`."""

    TYPE: ClassVar[str] = "yeon.room.opened.v1"
    asker_id: UUID
    members: tuple[Member, ...]
    told: tuple[Told, ...] = ()


class UserJoined(_Numbered):
    """A later acceptor or an invited person came in."""

    TYPE: ClassVar[str] = "yeon.room.user_joined.v1"
    user_id: UUID
    user_name: Annotated[str, Personal("user_id")]
    role: MemberRole
    invited_by: UUID | None = None
    members: tuple[Member, ...] = ()
    """Everyone in the room after it."""
    told: tuple[Told, ...] = ()


class UserLeft(_Numbered):
    """A person left."""

    TYPE: ClassVar[str] = "yeon.room.user_left.v1"
    user_id: UUID
    user_name: Annotated[str, Personal("user_id")]


class MessagePosted(_Numbered):
    """Something was said."""

    TYPE: ClassVar[str] = "yeon.room.message_posted.v1"
    message_id: UUID
    sender_id: UUID
    sender_name: Annotated[str, Personal("sender_id")]
    message_type: MessageType = "text"
    content: Annotated[str, Personal("sender_id")]
    client_msg_id: Annotated[str, Personal("sender_id")] = ""
    file: SentFile | None = None
    """Of a message of type `file`: what was sent. Its name is the content, its id the message's."""


class MessageRedacted(_Numbered):
    """The author took a message back; `redactedSeq` is its place."""

    TYPE: ClassVar[str] = "yeon.room.message_redacted.v1"
    message_id: UUID
    redacted_seq: int
    user_id: UUID


class RoomClosed(_Numbered):
    """The room takes no more messages."""

    TYPE: ClassVar[str] = "yeon.room.closed.v1"
    reason: Literal["resolved", "cancelled"]


class RoomReopened(_Numbered):
    """The room takes messages again."""

    TYPE: ClassVar[str] = "yeon.room.reopened.v1"


class ReadMarked(_RoomEvent):
    """A person has read up to `upToSeq`. A mark of their own stream; it takes no `seq`."""

    TYPE: ClassVar[str] = "yeon.room.read_marked.v1"
    user_id: UUID
    up_to_seq: int


EVENTS: tuple[type[EventData], ...] = (
    RoomOpened,
    UserJoined,
    UserLeft,
    MessagePosted,
    MessageRedacted,
    RoomClosed,
    RoomReopened,
    ReadMarked,
)
