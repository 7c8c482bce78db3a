"""The WebSocket over the real store and views, with a real client."""

import asyncio
from uuid import uuid4

from tests.gateway.conftest import World
from tests.gateway.person import Person


async def two_in_a_room(world: World) -> tuple[Person, Person, str]:
    asker, expert = await world.person(name="질문자"), await world.expert("전문가")
    room = await world.room(asker, expert)
    for one in (asker, expert):
        await one.connect()
        answer = await one.send("join_room", roomId=room)
        assert answer["type"] == "ack", answer
    return asker, expert, room


async def test_what_is_said_reaches_everyone_in_the_room_once_and_in_order(world: World) -> None:
    asker, expert, room = await two_in_a_room(world)
    first = await asker.say(room, "안녕하세요", "a1")
    assert first["data"]["seq"] == 1
    assert first["data"]["position"] > 0
    for i in range(2, 31):
        who = asker if i % 2 else expert
        await who.tell(
            "send_message", None, roomId=room, message={"content": f"말 {i}", "clientMsgId": f"m{i}"}
        )
    for one in (asker, expert):
        await one.frame("new_message", seq=30)
        assert one.seqs(room) == list(range(1, 31))
    heard = await expert.frame("new_message", seq=1)
    assert heard["message"] | {"createdAt": ""} == {
        "id": first["data"]["messageId"],
        "content": "안녕하세요",
        "type": "text",
        "createdAt": "",
        "clientMsgId": "a1",
    }
    assert heard["sender"] == {"userId": str(asker.id), "userName": "질문자"}


async def test_frames_sent_without_waiting_are_answered_in_order(world: World) -> None:
    asker, _, room = await two_in_a_room(world)
    for i in range(300):
        await asker.tell("send_message", i, roomId=room, message={"content": f"{i}", "clientMsgId": f"{i}"})
    await asker.tell("ping", "end")
    await asker.answer("end")
    answers = [frame for frame in asker.frames if isinstance(frame.get("id"), int)]
    assert [frame["id"] for frame in answers] == list(range(300))
    assert [frame["data"]["seq"] for frame in answers] == list(range(1, 301))


async def test_who_was_away_gets_what_was_missed_then_the_ack_then_what_is_new(world: World) -> None:
    asker, expert, room = await two_in_a_room(world)
    await asker.say(room, "하나", "1")
    await expert.frame("new_message", seq=1)
    await expert.disconnect()
    for i in (2, 3):
        await asker.say(room, f"{i}", f"{i}")
    await asker.frame("new_message", seq=3)
    await expert.connect()
    mark = len(expert.frames)
    joined = await expert.send("join_room", roomId=room, afterSeq=1)
    assert joined["data"]["lastSeq"] == 3
    kinds = [(frame["type"], frame["data"].get("seq")) for frame in expert.frames[mark:]]
    assert [kind for kind in kinds if kind[0] in ("new_message", "ack")] == [
        ("new_message", 2),
        ("new_message", 3),
        ("ack", None),
    ]
    await asker.say(room, "4", "4")
    await expert.frame("new_message", seq=4)
    assert expert.seqs(room) == [1, 2, 3, 4]


async def test_resume_brings_inbox_and_rooms(world: World) -> None:
    asker, expert, room = await two_in_a_room(world)
    await asker.say(room, "하나", "1")
    await asker.disconnect()
    await expert.say(room, "둘", "2")
    asker.frames.clear()
    await asker.connect()
    answer = await asker.send("resume", inboxSeq=0, rooms={room: 1, str(uuid4()): 0})
    assert answer["data"]["rooms"] == {room: 2}
    assert list(answer["data"]["refused"].values()) == ["forbidden"]
    inbox = [
        frame["data"]["inboxSeq"]
        for frame in asker.frames
        if "inboxSeq" in frame["data"] and "id" not in frame
    ]
    numbers = inbox[1:]  # the first is `authenticated`
    assert numbers == list(range(1, answer["data"]["inboxSeq"] + 1))
    assert numbers
    assert asker.seqs(room) == [2]


async def test_notifications_come_live_in_order(world: World) -> None:
    asker, expert = await world.person(), await world.expert()
    await asker.connect()
    told = await expert.connect()
    question = await world.offered(asker, expert)
    offer = await expert.frame("question_assigned")
    assert offer["question"]["id"] == question
    assert offer["inboxSeq"] == told["inboxSeq"] + 1
    matched = await asker.frame("expert_matched", questionId=question)
    assert [one["expertId"] for one in matched["experts"]] == [str(expert.id)]
    accepted = await expert.send("accept_question", questionId=question, expertId=str(expert.id))
    room = accepted["data"]["roomId"]
    opened = await asker.frame("room_opened", roomId=room)
    assert {one["userId"] for one in opened["participants"]} == {str(asker.id), str(expert.id)}
    joined = await expert.send("join_room", roomId=room)
    assert joined["type"] == "ack"
    twice = await expert.send("accept_question", questionId=question)
    assert twice["type"] in ("ack", "error")
    numbers = [f["data"]["inboxSeq"] for f in asker.frames if "inboxSeq" in f["data"]][1:]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_an_outsider_cannot_listen_speak_or_be_heard(world: World) -> None:
    asker, _, room = await two_in_a_room(world)
    outsider = await world.person()
    await outsider.connect()
    for kind, data in (
        ("join_room", {"roomId": room}),
        ("join_room", {"roomId": room, "afterSeq": 0}),
        ("mark_read", {"roomId": room, "upToSeq": 1}),
        ("typing_start", {"roomId": room}),
        ("send_message", {"roomId": room, "message": {"content": "나도", "clientMsgId": "x"}}),
        ("join_room", {"roomId": str(uuid4())}),
    ):
        answer = await outsider.send(kind, **data)
        assert (answer["type"], answer["data"]["code"]) == ("error", "forbidden"), (kind, answer)
    resumed = await outsider.send("resume", inboxSeq=0, rooms={room: 0})
    assert resumed["data"]["rooms"] == {}
    await asker.say(room, "우리끼리만", "p")
    await asker.frame("new_message", seq=1)
    await outsider.send("ping")
    assert "우리끼리만" not in str(outsider.frames)
    assert "나도" not in str(asker.frames)


async def test_who_left_hears_that_and_no_more(world: World) -> None:
    asker, expert, room = await two_in_a_room(world)
    await expert.rest.post(f"/chat-rooms/{room}/leave")
    await expert.frame("user_left", roomId=room, userId=str(expert.id))
    await asker.say(room, "떠난 뒤", "1")
    await asker.frame("new_message", roomId=room)
    assert (await expert.send("join_room", roomId=room))["data"]["code"] == "forbidden"
    assert "떠난 뒤" not in str(expert.frames)


async def test_typing_is_told_to_the_others_and_ends(world: World) -> None:
    asker, expert, room = await two_in_a_room(world)
    await asker.tell("typing_start", roomId=room)
    assert (await expert.frame("typing_indicator"))["isTyping"] is True
    await asker.tell("typing_stop", roomId=room)
    await expert.frame("typing_indicator", isTyping=False)
    mark = len(expert.frames)
    await asker.tell("typing_start", roomId=room)
    await asker.disconnect()
    ended = await expert.frame("typing_indicator", since=mark, isTyping=False)
    assert ended == {"roomId": room, "userId": str(asker.id), "isTyping": False}
    assert not any(frame["type"] == "typing_indicator" for frame in asker.frames)


async def test_read_marks_are_told(world: World) -> None:
    asker, expert, room = await two_in_a_room(world)
    await asker.say(room, "읽어요", "1")
    await expert.send("mark_read", roomId=room, upToSeq=1)
    assert (await asker.frame("messages_read"))["upToSeq"] == 1


async def test_the_same_message_by_both_ways_is_one(world: World) -> None:
    asker, expert, room = await two_in_a_room(world)
    first = await asker.say(room, "처음", "same")
    again = await asker.say(room, "다른", "same")
    rest = await asker.rest.post(
        f"/chat-rooms/{room}/messages", json={"content": "또", "clientMsgId": "same"}
    )
    assert first["data"]["seq"] == again["data"]["seq"] == rest.json()["seq"] == 1
    await asker.say(room, "끝", "end")
    await expert.frame("new_message", seq=2)
    assert expert.seqs(room) == [1, 2]


async def test_lost_pushes_are_found_within_moments(world: World) -> None:
    asker, expert, room = await two_in_a_room(world)
    world.road.pushing = False
    try:
        for i in range(1, 4):
            await asker.say(room, f"{i}", f"{i}")
        await expert.frame("new_message", seq=3)
    finally:
        world.road.pushing = True
    await asker.say(room, "4", "4")
    await expert.frame("new_message", seq=4)
    assert expert.seqs(room) == [1, 2, 3, 4]


async def test_ones_own_writes_are_seen_although_the_views_are_late(world: World) -> None:
    asker, _, room = await two_in_a_room(world)
    world.road.open.clear()
    await asyncio.sleep(0)
    said = await asker.say(room, "내가 쓴 것", "w")
    reading = asyncio.create_task(asker.rest.get(f"/chat-rooms/{room}/messages"))
    joining = asyncio.create_task(asker.send("join_room", roomId=room, afterSeq=0))
    done, _ = await asyncio.wait([reading, joining], timeout=0.2)
    assert not done
    world.road.open.set()
    assert [item["content"] for item in (await reading).json()["items"]] == ["내가 쓴 것"]
    assert (await joining)["data"]["lastSeq"] == said["data"]["seq"]
