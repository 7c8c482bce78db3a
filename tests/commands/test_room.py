"""Rooms: who is in, who may speak, and what a `seq` is."""

from uuid import UUID, uuid4

import pytest

from commands.refusals import Conflict, Forbidden, Invalid, NotFound, RoomIsClosed
from commands.room import Room
from schemas.commands.question import ReopenQuestion, ResolveQuestion
from schemas.commands.room import InviteToRoom, LeaveRoom, MarkRead, OpenRoom, PostMessage, RedactMessage
from schemas.events.room import MessagePosted, MessageRedacted, ReadMarked, UserJoined, UserLeft
from tests.commands.deciding import World, told, types


def message(room_id: UUID, content: str = "안녕하세요") -> PostMessage:
    return PostMessage(room_id=room_id, message_id=uuid4(), content=content, client_msg_id="c1")


def question_of(world: World, room_id: UUID) -> UUID:
    room = world.memory.aggregates[room_id]
    assert isinstance(room, Room)
    return room.state.question_id


def test_a_message_takes_the_next_seq_and_answers_as_the_protocol_says(world: World) -> None:
    asker, expert = world.person(name="지민"), world.expert()
    room_id = world.room(asker, expert)
    world.do(expert, message(room_id))
    command = message(room_id, "두 번째")

    answer = world.do(asker, command)

    said = world.memory.events[-1].data
    assert isinstance(said, MessagePosted)
    assert (said.seq, said.sender_name, said.message_type) == (2, "지민", "text")
    assert answer.result == {
        "roomId": str(room_id),
        "messageId": str(command.message_id),
        "id": str(command.message_id),
        "seq": 2,
        "type": "text",
        "content": "두 번째",
        "senderId": str(asker),
        "senderName": "지민",
        "createdAt": "2026-11-22T09:00:00Z",
        "clientMsgId": "c1",
    }


def test_only_members_speak_and_only_in_an_open_room(world: World) -> None:
    asker, expert = world.person(), world.expert()
    room_id = world.room(asker, expert)
    with pytest.raises(Forbidden):
        world.do(world.person(), message(room_id))
    with pytest.raises(NotFound):
        world.do(asker, message(uuid4()))
    world.do(asker, ResolveQuestion(question_id=question_of(world, room_id)))
    with pytest.raises(RoomIsClosed):
        world.do(asker, message(room_id))
    with pytest.raises(Forbidden):
        world.do(world.person(), message(room_id))
    world.do(asker, ReopenQuestion(question_id=question_of(world, room_id)))
    world.do(asker, message(room_id))


def test_an_author_takes_words_back_also_after_the_end(world: World) -> None:
    asker, expert = world.person(), world.expert()
    room_id = world.room(asker, expert)
    command = message(room_id)
    world.do(expert, command)
    world.do(expert, LeaveRoom(room_id=room_id))
    for user in (asker, world.person()):
        with pytest.raises(Forbidden):
            world.do(user, RedactMessage(room_id=room_id, seq=1))
    for seq in (2, 3, 99):
        with pytest.raises(NotFound):
            world.do(asker, RedactMessage(room_id=room_id, seq=seq))
    world.do(asker, ResolveQuestion(question_id=question_of(world, room_id)))

    (said,) = world.said(expert, RedactMessage(room_id=room_id, seq=1))

    assert isinstance(said, MessageRedacted)
    assert (said.seq, said.redacted_seq, said.message_id) == (4, 1, command.message_id)
    assert world.said(expert, RedactMessage(room_id=room_id, seq=1)) == []


def test_members_bring_people_in_and_guests_do_not(world: World) -> None:
    asker, expert, guest, other = world.person(), world.expert(), world.person(name="손님"), world.person()
    room_id = world.room(asker, expert)

    (said,) = world.said(expert, InviteToRoom(room_id=room_id, user_id=guest))

    assert isinstance(said, UserJoined)
    assert (said.user_name, said.role, said.invited_by, said.seq) == ("손님", "guest", expert, 1)
    assert [m.user_id for m in said.members] == [asker, expert, guest]
    assert told(said) == [("room_opened", guest)]
    assert world.said(asker, InviteToRoom(room_id=room_id, user_id=guest)) == []
    with pytest.raises(Forbidden):
        world.do(guest, InviteToRoom(room_id=room_id, user_id=other))
    with pytest.raises(Forbidden):
        world.do(other, InviteToRoom(room_id=room_id, user_id=other))
    with pytest.raises(NotFound):
        world.do(asker, InviteToRoom(room_id=room_id, user_id=uuid4()))


def test_asking_for_a_room_returns_it_with_those_named(world: World) -> None:
    asker, expert, guest = world.person(), world.expert(), world.person()
    early = world.question(asker)
    with pytest.raises(Conflict):
        world.do(asker, OpenRoom(question_id=early))
    room_id = world.room(asker, expert)
    question_id = question_of(world, room_id)

    answer = world.do(asker, OpenRoom(question_id=question_id, participant_ids=(guest, expert, guest)))

    assert answer.result["roomId"] == str(room_id)
    assert [p["userId"] for p in answer.result["participants"]] == [str(asker), str(expert), str(guest)]
    assert world.said(asker, OpenRoom(question_id=question_id)) == []
    with pytest.raises(Forbidden):
        world.do(world.person(), OpenRoom(question_id=question_id))
    with pytest.raises(NotFound):
        world.do(asker, OpenRoom(question_id=uuid4()))


def test_one_unknown_person_among_those_named_brings_in_nobody(world: World) -> None:
    asker, expert, guest = world.person(), world.expert(), world.person()
    room_id = world.room(asker, expert)
    command = OpenRoom(question_id=question_of(world, room_id), participant_ids=(guest, uuid4()))
    with pytest.raises(NotFound):
        world.do(asker, command)


def test_an_expert_who_leaves_is_free_again(world: World) -> None:
    asker, expert = world.person(), world.expert(capacity=1)
    room_id = world.room(asker, expert)
    said = world.said(expert, LeaveRoom(room_id=room_id))
    assert types(said) == ["ExpertReleased", "UserLeft"]
    assert isinstance(said[1], UserLeft)
    assert said[1].seq == 1
    with pytest.raises(Forbidden):
        world.do(expert, LeaveRoom(room_id=room_id))
    with pytest.raises(Forbidden):
        world.do(expert, message(room_id))
    world.room(asker, expert)


def test_a_read_mark_moves_forward_and_not_past_the_end(world: World) -> None:
    asker, expert = world.person(), world.expert()
    room_id = world.room(asker, expert)
    for _ in range(3):
        world.do(asker, message(room_id))
    (said,) = world.said(expert, MarkRead(room_id=room_id, up_to_seq=2))
    assert isinstance(said, ReadMarked)
    assert (said.user_id, said.up_to_seq, said.question_id) == (expert, 2, question_of(world, room_id))
    assert world.said(expert, MarkRead(room_id=room_id, up_to_seq=2)) == []
    assert world.said(expert, MarkRead(room_id=room_id, up_to_seq=1)) == []
    assert types(world.said(expert, MarkRead(room_id=room_id, up_to_seq=3))) == ["ReadMarked"]
    with pytest.raises(Invalid):
        world.do(expert, MarkRead(room_id=room_id, up_to_seq=4))
    with pytest.raises(Forbidden):
        world.do(world.person(), MarkRead(room_id=room_id, up_to_seq=1))
