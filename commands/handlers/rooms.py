"""Commands of rooms."""

from typing import Any
from uuid import UUID

from commands.desk import Desk
from commands.expert import Expert
from commands.handlers.accounts import must_have_account
from commands.handlers.handling import Answer, Handling, stamp, text_of
from commands.handlers.questions import must_have_question
from commands.reading import Reading
from commands.refusals import Conflict, Forbidden, Invalid, NotFound
from commands.room import Room
from schemas.commands import Command
from schemas.commands.room import InviteToRoom, LeaveRoom, MarkRead, OpenRoom, PostMessage, RedactMessage
from schemas.envelope import Meta
from schemas.events.room import Member, ReadMarked
from schemas.ids import expert_stream, reading_stream, room_of


def open_room(desk: Desk, command: OpenRoom, meta: Meta) -> Answer:
    """The room of a question, which the first acceptance opened; those named come in."""
    question = must_have_question(desk, command.question_id)
    room = desk.get(Room, room_of(question.id))
    if room is None:
        if question.state.asker_id != meta.actor_id:
            raise Forbidden("this is not your question")
        raise Conflict("no expert has accepted yet, so there is no room")
    room.must_be_in(meta.actor_id)
    _invite(desk, room, command.participant_ids, meta)
    return _room_answer(room)


def invite(desk: Desk, command: InviteToRoom, meta: Meta) -> Answer:
    room = _must_have_room(desk, command.room_id)
    room.check_invites(meta.actor_id)
    _invite(desk, room, (command.user_id,), meta)
    return _room_answer(room)


def leave(desk: Desk, command: LeaveRoom, meta: Meta) -> Answer:
    """An expert who leaves is free for another question."""
    room = _must_have_room(desk, command.room_id)
    room.leave(meta.actor_id, meta)
    expert = desk.get(Expert, expert_stream(meta.actor_id))
    if expert is not None:
        expert.release(room.state.question_id, meta)
    return Answer({"roomId": str(room.id), "seq": room.last_seq})


def post(desk: Desk, command: PostMessage, meta: Meta) -> Answer:
    room = _must_have_room(desk, command.room_id)
    said = room.post(
        meta.actor_id,
        command.message_id,
        command.content,
        command.type,
        command.client_msg_id,
        meta,
        command.file,
    )
    message_id = str(said.message_id)
    answer: dict[str, Any] = {
        "roomId": text_of(room.id),
        "messageId": message_id,
        "id": message_id,
        "seq": said.seq,
        "type": said.message_type,
        "content": said.content,
        "senderId": text_of(said.sender_id),
        "senderName": said.sender_name,
        "createdAt": stamp(meta.at),
        "clientMsgId": said.client_msg_id,
    }
    if said.file is not None:
        answer["file"] = {
            "id": message_id,
            "name": said.content,
            **said.file.model_dump(by_alias=True, exclude_none=True),
        }
    return Answer(answer, personal=True)


def redact(desk: Desk, command: RedactMessage, meta: Meta) -> Answer:
    """Loads the one event at `seq`, never a history. An author who has left may still take words back."""
    room = _must_have_room(desk, command.room_id)
    there = desk.event(room.id, command.seq + 1) if command.seq <= room.last_seq else None
    if room.member(meta.actor_id) is None and getattr(there, "sender_id", None) != meta.actor_id:
        raise Forbidden("you are not in this room")
    room.redact(meta.actor_id, command.seq, there, meta)
    return Answer({"roomId": str(room.id), "redactedSeq": command.seq})


def mark_read(desk: Desk, command: MarkRead, meta: Meta) -> Answer:
    room = _must_have_room(desk, command.room_id)
    room.must_be_in(meta.actor_id)
    if command.up_to_seq > room.last_seq:
        raise Invalid(f"the room has come to {room.last_seq}", field="upToSeq")
    mark = ReadMarked(
        room_id=room.id,
        question_id=room.state.question_id,
        user_id=meta.actor_id,
        up_to_seq=command.up_to_seq,
    )
    reading = desk.get(Reading, reading_stream(room.id, meta.actor_id))
    if reading is None:
        reading = Reading.start(mark, meta)
        desk.add(reading)
    else:
        reading.advance(mark, meta)
    return Answer({"roomId": str(room.id), "upToSeq": reading.state.up_to_seq})


def _must_have_room(desk: Desk, room_id: UUID) -> Room:
    room = desk.get(Room, room_id)
    if room is None:
        raise NotFound("there is no such room")
    return room


def _invite(desk: Desk, room: Room, user_ids: tuple[UUID, ...], meta: Meta) -> None:
    wanted = [id_ for id_ in dict.fromkeys(user_ids) if room.member(id_) is None]
    if not wanted:
        return
    room.check_invites(meta.actor_id)
    room.must_be_open()
    desk.fetch(wanted)
    names = [must_have_account(desk, id_).state.display_name for id_ in wanted]
    for user_id, name in zip(wanted, names, strict=True):
        room.join(Member(user_id=user_id, user_name=name, role="guest"), meta.actor_id, meta)


def _room_answer(room: Room) -> Answer:
    return Answer(
        {
            "id": str(room.id),
            "roomId": str(room.id),
            "questionId": str(room.state.question_id),
            "status": "closed" if room.state.closed else "active",
            "participants": [
                {"userId": str(m.user_id), "userName": m.user_name, "role": m.role}
                for m in room.state.members
            ],
            "lastSeq": room.last_seq,
        },
        personal=True,
    )


HANDLING: dict[type[Command], Handling] = {
    OpenRoom: Handling(open_room, lambda command, user: (command.question_id, room_of(command.question_id))),
    InviteToRoom: Handling(invite, lambda command, user: (command.room_id, command.user_id)),
    LeaveRoom: Handling(leave, lambda command, user: (command.room_id, expert_stream(user))),
    PostMessage: Handling(post, lambda command, user: (command.room_id,), refusal_stands=False),
    RedactMessage: Handling(redact, lambda command, user: (command.room_id,)),
    MarkRead: Handling(
        mark_read, lambda command, user: (command.room_id, reading_stream(command.room_id, user))
    ),
}
