"""Reading a room one is not in, a second event from a repeated command, not seeing what one just wrote."""

import asyncio
from uuid import uuid4

import pytest

from tests.stories.conftest import NewPerson, Stack
from tests.stories.people import Person, Rejected


async def _open_room(person: NewPerson) -> tuple[Person, Person, str, str]:
    word = uuid4().hex[:8]
    expert = await person("expert", "전문가", [(f"주제 {word} 수리", 5)], bio=f"{word} 수리만 해요.")
    asker = await person("questioner", "질문자")
    question = await asker.ask(f"{word} 수리는 어떻게 하나요? {word} 전문가를 찾아요.")
    await expert.offered(question["id"])
    room = (await expert.send("accept_question", questionId=question["id"]))["roomId"]
    await asker.frame("room_opened", roomId=room)
    await asker.send("join_room", roomId=room)
    await expert.send("join_room", roomId=room)
    return asker, expert, room, question["id"]


async def test_an_outsider_reads_nothing_of_a_room(person: NewPerson) -> None:
    asker, _, room, _ = await _open_room(person)
    outsider = await person("both", "남")
    await asker.say(room, "우리끼리만", "m1")

    for path in (f"/chat-rooms/{room}", f"/chat-rooms/{room}/messages"):
        answer = await outsider.rest.get(path)
        assert answer.status_code == 403, answer.text
        assert "우리끼리만" not in answer.text
    for kind, data in (("join_room", {"roomId": room}), ("mark_read", {"roomId": room, "upToSeq": 1})):
        with pytest.raises(Rejected, match="forbidden"):
            await outsider.send(kind, **data)
    with pytest.raises(Rejected, match="forbidden"):
        await outsider.say(room, "들어갈래요", "x")
    await outsider.send("resume", inboxSeq=0, rooms={})
    assert not any("우리끼리만" in str(frame) for frame in outsider.frames)


async def test_who_left_hears_no_more(person: NewPerson) -> None:
    asker, expert, room, _ = await _open_room(person)
    left = await expert.rest.post(f"/chat-rooms/{room}/leave")
    assert left.status_code < 300, left.text
    await asker.frame("user_left", roomId=room, userId=expert.id)

    await asker.say(room, "떠난 뒤의 말", "m9")
    await asker.frame("new_message", roomId=room)

    with pytest.raises(Rejected, match="forbidden"):
        await expert.send("join_room", roomId=room)
    assert (await expert.rest.get(f"/chat-rooms/{room}/messages")).status_code == 403
    assert not any("떠난 뒤의 말" in str(frame) for frame in expert.frames)


async def test_the_same_message_twice_is_one_message_with_the_first_answer(person: NewPerson) -> None:
    asker, expert, room, _ = await _open_room(person)

    first = await asker.say(room, "처음", "same")
    again = await asker.say(room, "다른 내용", "same")

    assert (first["messageId"], first["seq"]) == (again["messageId"], again["seq"])
    await expert.frame("new_message", roomId=room)
    async with asyncio.timeout(10):  # a room hears a message before the history has it
        while not (history := await expert.history(room)):
            await asyncio.sleep(0.02)
    assert [item["content"] for item in history] == ["처음"]


async def test_the_same_idempotency_key_asks_once(person: NewPerson) -> None:
    asker = await person("questioner")
    answers = [
        await asker.rest.post(
            "/questions", json={"content": "한 번만 물어요?"}, headers={"Idempotency-Key": "once"}
        )
        for _ in range(3)
    ]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.json()["id"] for answer in answers}) == 1
    mine = (await asker.rest.get("/questions", params={"mine": "true"})).json()["items"]
    assert len(mine) == 1


async def test_own_writes_are_always_visible(person: NewPerson) -> None:
    asker, _, room, question = await _open_room(person)
    for i in range(20):
        said = await asker.say(room, f"말 {i}", f"w{i}")
        items = (
            await asker.rest.get(f"/chat-rooms/{room}/messages", params={"afterSeq": said["seq"] - 1})
        ).json()
        assert [item["content"] for item in items["items"]] == [f"말 {i}"]
    await asker.rest.put(f"/questions/{question}/status", json={"status": "resolved"})
    assert (await asker.rest.get(f"/questions/{question}")).json()["status"] == "resolved"


async def test_bad_input_names_the_field_and_changes_nothing(person: NewPerson, stack: Stack) -> None:
    asker = await person("questioner")
    before = (await asker.rest.get("/questions", params={"mine": "true"})).json()
    for body in (
        {"content": ""},
        {"content": "a" * 4001},
        {"content": "b\x00"},
        {"content": "c", "urgency": "now"},
    ):
        answer = await asker.rest.post("/questions", json=body)
        assert answer.status_code == 422, answer.text
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert answer.json()["errors"], answer.text
    assert (await asker.rest.get("/questions", params={"mine": "true"})).json() == before
