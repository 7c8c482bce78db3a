"""Commands of rooms."""

from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from schemas.base import ClientMsgId, MessageText, SentFile
from schemas.commands.base import Command


class OpenRoom(Command):
    """Return a question's open room, inviting `participant_ids` who are not in it yet."""

    NAME: ClassVar[str] = "open_room"
    question_id: UUID
    participant_ids: Annotated[tuple[UUID, ...], Field(max_length=20)] = ()


class InviteToRoom(Command):
    """The asker or a member expert brings someone in."""

    NAME: ClassVar[str] = "invite_to_room"
    room_id: UUID
    user_id: UUID


class LeaveRoom(Command):
    """The sender leaves."""

    NAME: ClassVar[str] = "leave_room"
    room_id: UUID


class PostMessage(Command):
    """The sender says something, or has sent a file: then the content is its name, and its id the message's."""

    NAME: ClassVar[str] = "post_message"
    room_id: UUID
    message_id: UUID
    content: MessageText
    type: Literal["text", "file"] = "text"
    client_msg_id: ClientMsgId | Literal[""] = ""
    file: SentFile | None = None

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        if (self.type == "file") != (self.file is not None):
            raise ValueError("a message of type file, and no other, has a file")
        return self


class RedactMessage(Command):
    """The sender takes back a message of their own; `seq` is its place."""

    NAME: ClassVar[str] = "redact_message"
    room_id: UUID
    seq: Annotated[int, Field(ge=1)]


class MarkRead(Command):
    """The sender has read up to `up_to_seq`."""

    NAME: ClassVar[str] = "mark_read"
    room_id: UUID
    up_to_seq: Annotated[int, Field(ge=0)]


COMMANDS: tuple[type[Command], ...] = (
    OpenRoom,
    InviteToRoom,
    LeaveRoom,
    PostMessage,
    RedactMessage,
    MarkRead,
)
