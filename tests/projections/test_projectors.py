"""Given one event, then these rows and these frames: the projectors, each on its own."""

from decimal import Decimal
from typing import Any

import pytest

from projections import expert_figures, experts, inbox, people, questions, rooms
from projections.inbox import NothingToTell
from projections.rows import Add, Delete, Projected, Push, Update, Upsert
from schemas.envelope import Event
from schemas.events.account import AccountProfileChanged
from schemas.events.expert import ExpertEngaged, ExpertProfileSet
from schemas.ids import expert_stream
from schemas.wire.server import SERVER_FRAMES
from tests.projections.history import MODEL, REASON, Conversation, History, id_of, rich

ASKER, FIRST, SECOND = id_of("묻는 이"), id_of("첫째"), id_of("둘째")
STAMPS = "2026-03-01T09:00:0{}Z"


@pytest.fixture
def one() -> Conversation:
    return Conversation(History(), "1", ASKER)


def frames(projected: Projected) -> list[dict[str, Any]]:
    return [push.frame for push in projected.pushes]


def test_a_person_is_known_by_name_and_role() -> None:
    history = History()
    user = history.person("가람")
    changed = history.add(user, AccountProfileChanged(user_id=user, role="expert", display_name="나래"))

    assert people.project(history.events[0]).ops == [
        Upsert(
            "people",
            (user,),
            {
                "display_name": "가람",
                "role": "questioner",
                "demo": False,
                "created_at": history.events[0].meta.at,
            },
        )
    ]
    assert people.project(changed).ops == [
        Upsert("people", (user,), {"display_name": "나래", "role": "expert"})
    ]


def test_an_expert_that_takes_a_question_keeps_the_profile() -> None:
    history = History()
    user = history.expert("가람")
    profile = history.events[-1]
    assert isinstance(profile.data, ExpertProfileSet)
    engaged = history.add(
        expert_stream(user), ExpertEngaged(expert_id=user, question_id=id_of("q"), open_rooms=2)
    )

    (row,) = experts.project(profile).ops
    assert isinstance(row, Upsert)
    assert row.values["specialties"] == [{"name": "파이썬", "level": 4}]
    assert row.values["profile_at"] == profile.meta.at
    assert "open_rooms" not in row.values
    assert experts.project(engaged).ops == [Upsert("experts", (user,), {"open_rooms": 2})]


@pytest.mark.parametrize(
    ("happens", "sums"),
    [
        (lambda one: one.matched([FIRST]), {"offered": 1, "open_offers": 1}),
        (lambda one: one.offered(FIRST), {"offered": 1, "open_offers": 1}),
        (
            lambda one: one.accepted(FIRST),
            {"accepted": 1, "open_offers": -1, "response_seconds_sum": Decimal("1.500000")},
        ),
        (
            lambda one: one.declined(FIRST),
            {"declined": 1, "open_offers": -1, "response_seconds_sum": Decimal("4.000000")},
        ),
        (lambda one: one.expired(FIRST), {"expired": 1, "open_offers": -1}),
        (lambda one: one.withdrawn(FIRST), {"open_offers": -1}),
        (lambda one: one.rated(FIRST, 4), {"rating_sum": 4, "rating_count": 1}),
        (lambda one: one.rated(FIRST, 4, previous=1), {"rating_sum": 3, "rating_count": 0}),
    ],
)
def test_an_experts_figures_are_sums(one: Conversation, happens: Any, sums: dict[str, Any]) -> None:
    event: Event = happens(one)

    (row,) = expert_figures.project(event).ops

    assert isinstance(row, Add)
    assert (row.table, row.key, row.sums) == ("expert_figures", (FIRST,), sums)
    answered = "accepted" in sums or "declined" in sums
    assert row.greatest == ({"last_active_at": event.meta.at} if answered else {})


@pytest.mark.parametrize(
    ("happens", "status"),
    [
        (lambda one: one.asked(), "pending"),
        (lambda one: one.matched([FIRST]), "matched"),
        (lambda one: one.offered(FIRST), None),
        (lambda one: one.declined(FIRST), None),
        (lambda one: one.accepted(FIRST), "in_progress"),
        (lambda one: one.round_requested(2), "pending"),
        (lambda one: one.unmatched(), "unmatched"),
        (lambda one: one.resolved(), "resolved"),
        (lambda one: one.reopened(), "in_progress"),
        (lambda one: one.cancelled(), "cancelled"),
    ],
)
def test_a_question_moves(one: Conversation, happens: Any, status: str | None) -> None:
    event: Event = happens(one)

    row = questions.project(event).ops[0]

    assert isinstance(row, Upsert | Update)
    assert (row.table, row.key) == ("questions", (one.id,))
    assert row.values.get("status") == status
    assert (row.values["version"], row.values["updated_at"]) == (1, event.meta.at)


def test_a_match_keeps_the_model_the_ranking_and_the_offers(one: Conversation) -> None:
    event = one.matched([FIRST, SECOND])

    question, *others = questions.project(event).ops

    assert isinstance(question, Update)
    assert question.values["model"] == MODEL.model_dump()
    assert [(row.table, row.key[1]) for row in others] == [
        ("candidates", FIRST),
        ("candidates", SECOND),
        ("offers", FIRST),
        ("offers", SECOND),
    ]
    ranked, offered = others[1], others[3]
    assert isinstance(ranked, Upsert)
    assert isinstance(offered, Upsert)
    assert ranked.values["rank"] == 2
    assert ranked.values["reasons"] == [REASON.model_dump(by_alias=True)]
    assert (offered.values["state"], offered.values["closed_at"]) == ("open", None)


@pytest.mark.parametrize(
    ("happens", "state"),
    [
        (lambda one: one.accepted(FIRST), "accepted"),
        (lambda one: one.declined(FIRST), "declined"),
        (lambda one: one.expired(FIRST), "expired"),
        (lambda one: one.withdrawn(FIRST), "taken"),
        (lambda one: one.withdrawn(FIRST, reason="withdrawn"), "withdrawn"),
    ],
)
def test_an_offer_ends(one: Conversation, happens: Any, state: str) -> None:
    event: Event = happens(one)

    assert questions.project(event).ops[1] == Update(
        "offers", (one.id, FIRST), {"state": state, "closed_at": event.meta.at}
    )


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
