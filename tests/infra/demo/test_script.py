"""What a bot does about what it hears."""

from random import Random

import pytest

from infra.demo.script import ANSWERS, MARK, Frame, Script

ME, OTHER_BOT, ASKER, ROOM = "me", "bot-2", "asker", "room-1"


@pytest.fixture
def script() -> Script:
    return Script(ME, "민준", frozenset({ME, OTHER_BOT}), Random(1))


def said(seq: int, sender: str = ASKER, client_msg_id: str = "x") -> Frame:
    message = {"id": f"m{seq}", "content": "글", "type": "text", "clientMsgId": client_msg_id}
    sender_said = {"userId": sender, "userName": sender}
    return {
        "type": "new_message",
        "data": {"roomId": ROOM, "seq": seq, "message": message, "sender": sender_said},
    }


def opened() -> Frame:
    data = {"inboxSeq": 7, "roomId": ROOM, "questionId": "q", "participants": []}
    return {"type": "room_opened", "data": data}


def test_an_offer_is_accepted_after_one_to_three_seconds(script: Script) -> None:
    [later] = script.hear({"type": "question_assigned", "data": {"inboxSeq": 3, "question": {"id": "q"}}})

    assert later.frame == {"type": "accept_question", "data": {"questionId": "q"}}
    assert 1 <= later.seconds <= 3
    assert script.inbox_seq == 3


def test_an_offer_that_is_over_is_not_accepted_any_more(script: Script) -> None:
    [later] = script.hear({"type": "question_assigned", "data": {"inboxSeq": 3, "question": {"id": "q"}}})

    script.hear({"type": "offer_closed", "data": {"inboxSeq": 4, "questionId": "q", "reason": "taken"}})

    assert not script.wanted(later)


def test_a_room_is_joined_from_its_beginning_and_greeted_once(script: Script) -> None:
    join, greeting = script.hear(opened())

    assert join.frame["data"] == {"roomId": ROOM, "afterSeq": 0}
    assert greeting.frame["data"]["message"]["content"].startswith(f"{MARK} 안녕하세요, 민준이에요.")
    assert script.hear(opened()) == []


def test_every_sentence_is_marked_as_a_demo_and_the_answers_come_to_an_end(script: Script) -> None:
    script.hear(opened())

    told = [later for seq in range(1, 9) for later in script.hear(said(seq))]

    texts = [later.frame["data"]["message"]["content"] for later in told]
    assert texts == [f"{MARK} {answer}" for answer in ANSWERS]
    assert len({later.frame["data"]["message"]["clientMsgId"] for later in told}) == len(ANSWERS)


def test_bots_do_not_talk_to_each_other_or_to_themselves(script: Script) -> None:
    script.hear(opened())

    assert script.hear(said(1, sender=OTHER_BOT)) == []
    assert script.hear(said(2, sender=ME)) == []


def test_of_several_bots_in_a_room_one_answers(script: Script) -> None:
    script.hear(opened())
    [answer] = script.hear(said(1))

    script.hear(said(2, sender=OTHER_BOT, client_msg_id="demo-answer-1"))

    assert not script.wanted(answer)


def test_a_message_that_comes_twice_is_answered_once(script: Script) -> None:
    script.hear(opened())

    assert len(script.hear(said(1))) == 1
    assert script.hear(said(1)) == []


def test_what_it_said_before_it_began_anew_is_not_said_again(script: Script) -> None:
    _, greeting = script.hear(opened())
    [answer] = script.hear(said(1))
    script.hear(said(2, sender=ME, client_msg_id=f"demo-greeting-{ME}"))
    script.hear(said(3, sender=ME, client_msg_id="demo-answer-1"))

    assert not script.wanted(greeting)
    assert not script.wanted(answer)


def test_a_closed_room_is_left_alone(script: Script) -> None:
    script.hear(opened())
    script.hear({"type": "room_closed", "data": {"roomId": ROOM, "seq": 1, "reason": "resolved"}})

    assert script.hear(said(2)) == []
    assert script.rooms == {}
