"""A person is forgotten over REST: they are signed out for good, and those they talked to are not left waiting."""

import asyncio

from tests.gateway.conftest import World
from tests.gateway.person import PASSWORD, Person, problem

WORDS = "아무도 모르게 키우던 화성 도마뱀 이야기"


async def test_a_conversation_ends_and_what_others_said_stays(world: World) -> None:
    asker, expert = await world.person(), await world.expert()
    room_id = await world.room(asker, expert)
    await expert.until_visible(f"/chat-rooms/{room_id}")
    for person, words in ((asker, WORDS), (expert, "답변은 남아요")):
        said = await person.rest.post(f"/chat-rooms/{room_id}/messages", json={"content": words})
        assert said.status_code == 201, said.text

    assert (await asker.rest.delete("/users/profile")).status_code == 204

    problem(await asker.rest.get("/users/profile"), 401, "unauthenticated")
    again = {"username": asker.username, "password": PASSWORD}
    problem(await asker.rest.post("/auth/login", json=again), 401, "unauthenticated")
    refreshed = await asker.rest.post("/auth/refresh", json={"refreshToken": asker.tokens["refreshToken"]})
    problem(refreshed, 401, "unauthenticated")
    problem(await asker.rest.post("/questions", json={"content": "또 물어요"}), 404, "not_found")

    async with asyncio.timeout(10):
        while (found := (await expert.rest.get(f"/chat-rooms/{room_id}")).json())["status"] != "closed":
            await asyncio.sleep(0.02)
    assert found["questionStatus"] == "cancelled"
    items = (await expert.rest.get(f"/chat-rooms/{room_id}/messages")).json()["items"]
    assert "답변은 남아요" in [item.get("content") for item in items]


async def test_open_sockets_end_at_once_for_who_is_forgotten_and_who_signs_out_everywhere(
    world: World,
) -> None:
    for leave in (lambda one: one.rest.delete("/users/profile"), lambda one: one.rest.post("/auth/logout")):
        me, other = await world.person(), await world.person()
        second = Person(me.rest, me.ws)
        second.tokens = me.tokens
        for one in (me, second, other):
            await one.connect()
            await one.send("resume", inboxSeq=0, rooms={})
        assert (await leave(me)).status_code == 204
        assert [await me.closed(), await second.closed()] == [4401, 4401]
        assert (await other.send("ping"))["type"] == "ack"
        here = {"refreshToken": other.tokens["refreshToken"]}
        assert (await other.rest.post("/auth/logout", json=here)).status_code == 204
        assert await other.closed() == 4401
        await second.disconnect()


async def test_an_expert_leaves_their_rooms_and_is_not_offered_anything(world: World) -> None:
    asker, expert = await world.person(), await world.expert()
    room_id = await world.room(asker, expert)
    assert (await expert.rest.delete("/users/profile")).status_code == 204
    async with asyncio.timeout(10):
        while True:
            room = (await asker.rest.get(f"/chat-rooms/{room_id}")).json()
            if str(expert.id) not in [one["userId"] for one in room["participants"]]:
                break
            await asyncio.sleep(0.02)
    assert room["status"] == "active"
    found = (await asker.rest.get("/experts/search", params={"limit": 50})).json()
    assert expert.username not in str(found)
