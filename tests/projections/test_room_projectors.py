"""Given one event of a room, or one that somebody is told of, then these rows and these frames."""

from typing import Any

import pytest

from projections import inbox, questions, rooms
from projections.inbox import NothingToTell
from projections.rows import Delete, Projected, Push, Update, Upsert
from schemas.wire.server import SERVER_FRAMES
from tests.projections.history import Conversation, id_of
from tests.projections.whole_stories import rich

ASKER, FIRST, SECOND = id_of("묻는 이"), id_of("첫째"), id_of("둘째")
STAMPS = "2026-03-01T09:00:0{}Z"


def frames(projected: Projected) -> list[dict[str, Any]]:
    return [push.frame for push in projected.pushes]


def test_a_message_is_an_item_and_the_same_as_a_frame(one: Conversation) -> None:
    event = one.said(ASKER, "안녕")

    projected = rooms.project(event)

    item, room, speaker = projected.ops
    assert isinstance(item, Upsert)
    assert (item.table, item.key) == ("room_items", (one.room_id, 1))
    assert room == Update("rooms", (one.room_id,), {"last_seq": 1, "last_at": event.meta.at})
    assert speaker == Update("room_members", (one.room_id, ASKER), {"spoke_seq": 1})
    said = {
        "roomId": str(one.room_id),
        "seq": 1,
        "message": {
            "id": str(id_of(f"{one.id} 1")),
            "content": "안녕",
            "type": "text",
            "createdAt": STAMPS.format(1),
            "clientMsgId": "m1",
        },
        "sender": {"userId": str(ASKER), "userName": "말하는 이"},
    }
    assert projected.pushes == [
        Push("room", one.room_id, 1, {"type": "new_message", "data": said}, early=True)
    ]


def test_a_redaction_empties_the_message_and_is_an_item_itself(one: Conversation) -> None:
    message = one.said(ASKER, "비밀")
    event = one.redacted(message, ASKER)

    item, _, tombstone = rooms.project(event).ops

    assert isinstance(item, Upsert)
    assert item.key == (one.room_id, 2)
    assert tombstone == Update(
        "room_items", (one.room_id, 1), {"content": "", "redacted": True, "details": None}
    )
    (pushed,) = frames(rooms.project(event))
    assert pushed["type"] == "message_redacted"
    assert pushed["data"] == {
        "roomId": str(one.room_id),
        "seq": 2,
        "messageId": str(id_of(f"{one.id} 1")),
        "redactedSeq": 1,
        "userId": str(ASKER),
    }


def test_people_come_and_go(one: Conversation) -> None:
    came, went = one.joined(SECOND), one.left(SECOND)

    member = rooms.project(came).ops[-1]
    assert isinstance(member, Upsert)
    assert (member.table, member.key, member.values["role"]) == (
        "room_members",
        (one.room_id, SECOND),
        "guest",
    )
    assert rooms.project(went).ops[-1] == Delete("room_members", (one.room_id, SECOND))
    assert [f["type"] for e in (came, went) for f in frames(rooms.project(e))] == ["user_joined", "user_left"]


def test_a_room_closes_and_opens_again(one: Conversation) -> None:
    closed, again = rooms.project(one.closed()), rooms.project(one.opened_again())

    assert closed.ops[-1] == Update(
        "rooms", (one.room_id,), {"status": "closed", "closed_reason": "resolved"}
    )
    assert again.ops[-1] == Update("rooms", (one.room_id,), {"status": "active", "closed_reason": None})
    assert frames(closed) == [
        {"type": "room_closed", "data": {"roomId": str(one.room_id), "seq": 1, "reason": "resolved"}}
    ]
    assert frames(again) == [{"type": "room_reopened", "data": {"roomId": str(one.room_id), "seq": 2}}]


def test_opening_takes_no_place_in_the_history(one: Conversation) -> None:
    projected = rooms.project(one.opened(FIRST))

    assert [op.table for op in projected.ops] == ["rooms", "room_members", "room_members"]
    assert projected.pushes == ()


def test_a_read_mark_is_heard_without_a_number(one: Conversation) -> None:
    projected = rooms.project(one.read(FIRST, 7))

    assert projected.ops == [Upsert("read_marks", (one.room_id, FIRST), {"up_to_seq": 7})]
    assert [(push.kind, push.id, push.seq) for push in projected.pushes] == [("room", one.room_id, 0)]
    assert frames(projected) == [
        {
            "type": "messages_read",
            "data": {"roomId": str(one.room_id), "userId": str(FIRST), "upToSeq": 7},
        }
    ]


def test_everyone_told_gets_a_row_and_the_same_as_a_frame(one: Conversation) -> None:
    event = one.matched([FIRST, SECOND])

    projected = inbox.project(event)

    assert [(op.table, op.key) for op in projected.ops] == [
        ("inbox", (FIRST, 1)),
        ("inbox", (SECOND, 1)),
        ("inbox", (ASKER, 1)),
    ]
    for op, push in zip(projected.ops, projected.pushes, strict=True):
        assert isinstance(op, Upsert)
        assert (push.kind, push.id, push.seq) == ("user", *op.key)
        assert push.frame == {"type": op.values["frame"], "data": op.values["data"]}
    assigned, _, matched = frames(projected)
    assert assigned["data"]["inboxSeq"] == 1
    assert assigned["data"]["question"]["content"] == "어떻게 하면 될까요?"
    assert assigned["data"]["offer"]["score"] == 0.9
    assert [expert["expertId"] for expert in matched["data"]["experts"]] == [str(FIRST), str(SECOND)]


def test_the_end_of_an_offer_says_why(one: Conversation) -> None:
    ended = [one.expired(FIRST), one.withdrawn(FIRST), one.withdrawn(FIRST, reason="withdrawn")]

    said = [f["data"] for event in ended for f in frames(inbox.project(event))]

    assert [(data["inboxSeq"], data["reason"]) for data in said] == [
        (1, "expired"),
        (2, "taken"),
        (3, "withdrawn"),
    ]


def test_someone_told_of_what_the_event_does_not_hold_is_a_fault(one: Conversation) -> None:
    event = one.history.add(
        one.id, one.asked().data.model_copy(update={"told": one.history.told("room_opened", FIRST)})
    )

    with pytest.raises(NothingToTell, match="room_opened"):
        inbox.project(event)


def test_every_frame_is_one_of_the_wire() -> None:
    seen = set()
    for event in rich().events:
        for view in (rooms, inbox):
            for pushed in frames(view.project(event)):
                model = SERVER_FRAMES[pushed["type"]]
                data = model.model_validate(pushed["data"])
                whole = _without(pushed["data"], model.TYPE)
                assert whole | data.model_dump(mode="json", by_alias=True, exclude_unset=True) == whole
                seen.add(model.TYPE)
    assert seen == {
        "new_message",
        "user_joined",
        "user_left",
        "message_redacted",
        "room_closed",
        "room_reopened",
        "messages_read",
        "question_assigned",
        "offer_closed",
        "expert_matched",
        "question_status",
        "room_opened",
    }


def _without(data: dict[str, Any], kind: str) -> dict[str, Any]:
    """An offer's frame says more than the wire asks for: what it adds is put aside."""
    if kind != "question_assigned":
        return data
    question = {
        name: value for name, value in data["question"].items() if name not in ("status", "createdAt")
    }
    offer = {name: value for name, value in data["offer"].items() if name != "round"}
    return {**data, "question": question, "offer": offer}


def test_other_words_are_in_the_row_and_told_with_the_open_offer(one: Conversation) -> None:
    edited = one.edited(FIRST)
    (row,) = questions.project(edited).ops
    assert isinstance(row, Update)
    assert (row.values["content"], row.values["urgency"]) == ("달리 말하면 어떻게 할까요?", "low")
    assert "status" not in row.values
    [frame] = frames(inbox.project(edited))
    assert frame["type"] == "question_assigned"
    assert frame["data"]["question"]["content"] == "달리 말하면 어떻게 할까요?"
    assert frame["data"]["offer"]["score"] == 0.9
