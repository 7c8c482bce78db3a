"""The room aggregate: who is in, what is said, in order. Its stream is `room_of(question)`.

Opening is version 1 and takes no `seq`; every event after it takes one, so `seq == version - 1` always.
"""

from datetime import datetime
from typing import ClassVar, Literal, cast
from uuid import UUID

from commands.refusals import Forbidden, NotFound, RoomIsClosed
from commands.sourced import Sourced, State
from schemas.base import EventData, MessageType, SentFile
from schemas.envelope import Meta
from schemas.events.question import Told
from schemas.events.room import (
    Member,
    MessagePosted,
    MessageRedacted,
    RoomClosed,
    RoomOpened,
    RoomReopened,
    UserJoined,
    UserLeft,
)


class RoomState(State):
    """A room without its history."""

    question_id: UUID
    asker_id: UUID
    members: tuple[Member, ...]
    closed: bool = False
    redacted: tuple[int, ...] = ()
    spoke: tuple[UUID, ...] = ()
    """Who has said something."""


class Room(Sourced):
    """One room."""

    NAME: ClassVar[str] = "room"
    STATE: ClassVar[type[State]] = RoomState
    ORDER: ClassVar[int] = 3

    @property
    def state(self) -> RoomState:
        """What is remembered."""
        return cast(RoomState, self._state)

    @classmethod
    def open(
        cls, room_id: UUID, question_id: UUID, asker_id: UUID, members: tuple[Member, ...], meta: Meta
    ) -> "Room":
        """A new room; everyone in it is told."""
        told = tuple(Told(user_id=member.user_id, frame="room_opened") for member in members)
        data = RoomOpened(
            room_id=room_id, question_id=question_id, asker_id=asker_id, members=members, told=told
        )
        return cls.begin(room_id, data, meta)

    @property
    def last_seq(self) -> int:
        """The `seq` of the last event, 0 for none."""
        return self.version - 1

    def member(self, user_id: UUID) -> Member | None:
        """This person as a member, if they are in."""
        for member in self.state.members:
            if member.user_id.int == user_id.int:  # two UUIDs are compared in Python, and every message asks
                return member
        return None

    def has_spoken(self, user_id: UUID) -> bool:
        """Whether this person has said anything here."""
        return user_id in self.state.spoke

    def must_be_in(self, user_id: UUID) -> Member:
        """The member, or a refusal."""
        member = self.member(user_id)
        if member is None:
            raise Forbidden("you are not in this room")
        return member

    def must_be_open(self) -> None:
        """Refuses if the room is closed."""
        if self.state.closed:
            raise RoomIsClosed("the room is closed")

    def join(self, member: Member, invited_by: UUID | None, meta: Meta) -> None:
        """Someone comes in and is told; no event if they are in already."""
        if self.member(member.user_id) is not None:
            return
        self.must_be_open()
        data = UserJoined(
            room_id=self.id,
            question_id=self.state.question_id,
            seq=self.version,
            user_id=member.user_id,
            user_name=member.user_name,
            role=member.role,
            invited_by=invited_by,
            members=(*self.state.members, member),
            told=(Told(user_id=member.user_id, frame="room_opened"),),
        )
        self.say(data, meta)

    def check_invites(self, user_id: UUID) -> None:
        """Refuses if this person may not bring others in: only the asker and the experts may."""
        if self.must_be_in(user_id).role == "guest":
            raise Forbidden("only the asker and the experts of a room invite")

    def leave(self, user_id: UUID, meta: Meta) -> None:
        """A member leaves."""
        member = self.must_be_in(user_id)
        data = UserLeft(
            room_id=self.id,
            question_id=self.state.question_id,
            seq=self.version,
            user_id=user_id,
            user_name=member.user_name,
        )
        self.say(data, meta)

    def post(
        self,
        sender_id: UUID,
        message_id: UUID,
        content: str,
        message_type: MessageType,
        client_msg_id: str,
        meta: Meta,
        file: SentFile | None = None,
    ) -> MessagePosted:
        """A member says something, or sends a file."""
        sender = self.must_be_in(sender_id)
        self.must_be_open()
        data = MessagePosted(
            room_id=self.id,
            question_id=self.state.question_id,
            seq=self.version,
            message_id=message_id,
            sender_id=sender_id,
            sender_name=sender.user_name,
            message_type=message_type,
            content=content,
            client_msg_id=client_msg_id,
            file=file,
        )
        self.say(data, meta)
        return data

    def redact(self, user_id: UUID, seq: int, there: EventData | None, meta: Meta) -> None:
        """An author takes back the message `there`, which stands at `seq`; also when the room is closed."""
        if not isinstance(there, MessagePosted):
            raise NotFound(f"there is no message at {seq}")
        if there.sender_id != user_id:
            raise Forbidden("only its author takes a message back")
        if seq in self.state.redacted:
            return
        data = MessageRedacted(
            room_id=self.id,
            question_id=self.state.question_id,
            seq=self.version,
            message_id=there.message_id,
            redacted_seq=seq,
            user_id=user_id,
        )
        self.say(data, meta)

    def close(self, reason: Literal["resolved", "cancelled"], meta: Meta) -> None:
        """The room takes no more messages."""
        if not self.state.closed:
            data = RoomClosed(
                room_id=self.id, question_id=self.state.question_id, seq=self.version, reason=reason
            )
            self.say(data, meta)

    def reopen(self, meta: Meta) -> None:
        """The room takes messages again."""
        if self.state.closed:
            data = RoomReopened(room_id=self.id, question_id=self.state.question_id, seq=self.version)
            self.say(data, meta)

    def when(self, data: EventData, at: datetime) -> None:
        match data:
            case MessagePosted():
                if not any(one.int == data.sender_id.int for one in self.state.spoke):
                    self.state.spoke = (*self.state.spoke, data.sender_id)
            case RoomOpened():
                self.remember(
                    RoomState(question_id=data.question_id, asker_id=data.asker_id, members=data.members)
                )
            case UserJoined():
                joined = Member(user_id=data.user_id, user_name=data.user_name, role=data.role)
                self.state.members = (*self.state.members, joined)
            case UserLeft():
                self.state.members = tuple(m for m in self.state.members if m.user_id != data.user_id)
            case MessageRedacted():
                self.state.redacted = (*self.state.redacted, data.redacted_seq)
            case RoomClosed():
                self.state.closed = True
            case RoomReopened():
                self.state.closed = False
