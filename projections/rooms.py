"""The view `rooms`: rooms, who is in them, their durable history and read marks; and what their listeners hear.

Every event with a `seq` is one item of the history and one frame, both made from the same values. A redaction
empties the message that it takes back, and is itself an item.
"""

from typing import Any
from uuid import UUID

from projections.frames import room_frame
from projections.rows import NOTHING, Delete, Projected, Push, RowOp, Update, Upsert
from schemas.base import EventData, SentFile
from schemas.envelope import Event
from schemas.events.room import (
    EVENTS,
    MemberRole,
    MessagePosted,
    MessageRedacted,
    ReadMarked,
    RoomClosed,
    RoomOpened,
    RoomReopened,
    UserJoined,
    UserLeft,
)

TYPES: frozenset[type[EventData]] = frozenset(EVENTS)


def project(event: Event) -> Projected:
    """The rows and frames of one event."""
    match event.data:
        case MessagePosted() as data:
            spoke = Update("room_members", (data.room_id, data.sender_id), {"spoke_seq": data.seq})
            return _item(event, data.room_id, data.seq, _message(data), spoke, early=True)
        case ReadMarked() as data:
            return _read(data)
        case RoomOpened() as data:
            return Projected(_opened(event, data))
        case UserJoined() as data:
            details: dict[str, Any] = {"role": data.role}
            if data.invited_by is not None:
                details["invitedBy"] = str(data.invited_by)
            values = {
                "type": "user_joined",
                "user_id": data.user_id,
                "user_name": data.user_name,
                "details": details,
            }
            member = _member(event, data.room_id, data.user_id, data.user_name, data.role)
            return _item(event, data.room_id, data.seq, values, member)
        case UserLeft() as data:
            values = {"type": "user_left", "user_id": data.user_id, "user_name": data.user_name}
            left = Delete("room_members", (data.room_id, data.user_id))
            return _item(event, data.room_id, data.seq, values, left)
        case MessageRedacted() as data:
            return _redacted(event, data)
        case RoomClosed() as data:
            values = {"type": "room_closed", "details": {"reason": data.reason}}
            closed = Update("rooms", (data.room_id,), {"status": "closed", "closed_reason": data.reason})
            return _item(event, data.room_id, data.seq, values, closed)
        case RoomReopened() as data:
            active = Update("rooms", (data.room_id,), {"status": "active", "closed_reason": None})
            return _item(event, data.room_id, data.seq, {"type": "room_reopened"}, active)
        case _:
            return NOTHING


def _item(
    event: Event, room_id: UUID, seq: int, values: dict[str, Any], *others: RowOp, early: bool = False
) -> Projected:
    """One item of the history, the same as a frame, and what else changes with it."""
    row = {**values, "created_at": event.meta.at}
    ops: list[RowOp] = [
        Upsert("room_items", (room_id, seq), row),
        Update("rooms", (room_id,), {"last_seq": seq, "last_at": event.meta.at}),
        *others,
    ]
    return Projected(ops, lambda: [Push("room", room_id, seq, room_frame(room_id, seq, row), early)])


def _message(data: MessagePosted) -> dict[str, Any]:
    return {
        "type": data.message_type,
        "message_id": data.message_id,
        "user_id": data.sender_id,
        "user_name": data.sender_name,
        "content": data.content,
        "client_msg_id": data.client_msg_id,
        "details": None if data.file is None else {"file": _sent(data.file)},
    }


def _sent(file: SentFile) -> dict[str, Any]:
    """What a view keeps of a file, and a client is told with its id and name."""
    return file.model_dump(by_alias=True, exclude_none=True)


def _redacted(event: Event, data: MessageRedacted) -> Projected:
    values = {
        "type": "message_redacted",
        "message_id": data.message_id,
        "user_id": data.user_id,
        "details": {"redactedSeq": data.redacted_seq},
    }
    tombstone = Update(
        "room_items", (data.room_id, data.redacted_seq), {"content": "", "redacted": True, "details": None}
    )
    return _item(event, data.room_id, data.seq, values, tombstone)


def _opened(event: Event, data: RoomOpened) -> list[RowOp]:
    room = {
        "question_id": data.question_id,
        "asker_id": data.asker_id,
        "status": "active",
        "created_at": event.meta.at,
        "last_at": event.meta.at,
    }
    members = [_member(event, data.room_id, m.user_id, m.user_name, m.role) for m in data.members]
    return [Upsert("rooms", (data.room_id,), room), *members]


def _member(event: Event, room_id: UUID, user_id: UUID, user_name: str, role: MemberRole) -> RowOp:
    values = {"user_name": user_name, "role": role, "joined_at": event.meta.at}
    return Upsert("room_members", (room_id, user_id), values)


def _read(data: ReadMarked) -> Projected:
    mark = Upsert("read_marks", (data.room_id, data.user_id), {"up_to_seq": data.up_to_seq})
    said = {"roomId": str(data.room_id), "userId": str(data.user_id), "upToSeq": data.up_to_seq}
    frame = {"type": "messages_read", "data": said}
    return Projected([mark], lambda: [Push("room", data.room_id, 0, frame, early=True)])
