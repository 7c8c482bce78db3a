"""Given views that are held up, when a message is said, then its room hears it all the same, at any gateway, and
nothing out of order: what has to come by way of the views is waited for.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from commands.application import Commands
from gateway.app import running
from infra.ids import new_id
from infra.redis import connect as connect_redis
from schemas.commands.room import PostMessage
from tests.commands.writing import context
from tests.gateway.conftest import World
from tests.gateway.person import Person
from tests.gateway.test_websocket import two_in_a_room


@pytest.fixture
async def held_up(world: World) -> AsyncIterator[None]:
    """Nothing reaches the views until the test says so, or ends."""
    yield
    world.road.open.set()


async def elsewhere(person: Person, where: str) -> Person:
    """The same person at another gateway."""
    other = Person(person.rest, where)
    other.tokens, other.id = person.tokens, person.id
    await other.connect()
    return other


async def test_a_message_is_heard_before_any_view_has_it(world: World, held_up: None) -> None:
    asker, expert, room = await two_in_a_room(world)
    world.road.open.clear()
    for i in (1, 2, 3):
        await asker.say(room, f"{i}", f"{i}")
    await expert.frame("new_message", seq=3)
    world.road.open.set()
    await asker.say(room, "4", "4")
    await expert.frame("new_message", seq=4)
    history = await asker.until_visible(f"/chat-rooms/{room}/messages")
    assert [one["seq"] for one in history["items"]] == [1, 2, 3, 4]
    assert expert.seqs(room) == asker.seqs(room) == [1, 2, 3, 4], "and once"


async def test_a_message_behind_something_that_the_views_tell_waits_for_it(
    world: World, held_up: None
) -> None:
    asker, expert, room = await two_in_a_room(world)
    other = await world.expert("더 아는 이")
    world.road.open.clear()
    answer = await asker.rest.post(f"/chat-rooms/{room}/invite", json={"userId": str(other.id)})
    assert answer.status_code < 300, answer.text
    assert (await asker.say(room, "어서 오세요", "1"))["data"]["seq"] == 2
    assert expert.seqs(room) == []
    world.road.open.set()
    await expert.frame("new_message", seq=2)
    assert expert.seqs(room) == [1, 2]


async def test_a_message_said_at_one_gateway_is_heard_at_another(world: World, held_up: None) -> None:
    asker, expert, room = await two_in_a_room(world)
    commands = Commands(world.settings)
    await commands.start()
    try:
        async with running(world.settings, commands) as gateway:
            there = await elsewhere(expert, f"ws://{gateway.websocket.host}:{gateway.websocket.port}/ws")
            assert (await there.send("join_room", roomId=room))["type"] == "ack"
            world.road.open.clear()
            await asker.say(room, "여기", "1")
            await there.say(room, "거기", "2")
            await asker.say(room, "다시 여기", "3")
            for one in (asker, expert, there):
                await one.frame("new_message", seq=3)
                assert one.seqs(room) == [1, 2, 3]
            world.road.open.set()
            await there.disconnect()
    finally:
        await commands.stop()


async def test_who_comes_from_another_gateway_hears_nothing_again_that_was_told_there_early(
    world: World, held_up: None
) -> None:
    """As when that gateway was killed: no view has what it told, and this one was told as well."""
    asker, expert, room = await two_in_a_room(world)
    commands = Commands(world.settings)
    await commands.start()
    try:
        async with running(world.settings, commands) as gateway:
            there = await elsewhere(expert, f"ws://{gateway.websocket.host}:{gateway.websocket.port}/ws")
            world.road.open.clear()
            for i in (1, 2, 3):
                await asker.say(room, f"{i}", f"{i}")
            await expert.frame("new_message", seq=3)
            early = await there.send("join_room", roomId=room, afterSeq=3)
            assert early["data"]["code"] == "unavailable"
            world.road.open.set()
            joined = await there.send("join_room", roomId=room, afterSeq=3)
            assert joined["data"]["lastSeq"] == 3
            await asker.say(room, "4", "4")
            await there.frame("new_message", seq=4)
            assert there.seqs(room) == [4]
            await there.disconnect()
    finally:
        await commands.stop()


async def test_an_early_push_that_was_lost_is_found_by_the_comparison(world: World) -> None:
    """Somebody appends and dies before telling anyone."""
    asker, expert, room = await two_in_a_room(world)
    silent = Commands(world.settings)
    await silent.start()
    try:
        said = PostMessage(room_id=room, message_id=new_id(), content="들리나요")
        world.road.pushing = False
        await silent.execute(said, context(asker.id))
        async with asyncio.timeout(2):
            await expert.frame("new_message", seq=1)
    finally:
        world.road.pushing = True
        await silent.stop()


async def test_what_is_said_to_other_gateways_names_the_one_that_says_it(world: World) -> None:
    """So that it can pass over its own."""
    asker, _, room = await two_in_a_room(world)
    async with connect_redis(world.settings.redis_url, "listening") as redis, redis.pubsub() as ear:
        await ear.subscribe(f"yeon:room:{room}")
        await ear.get_message(timeout=2)
        await asker.say(room, "하나", "1")
        async with asyncio.timeout(2):
            while (heard := await ear.get_message(timeout=1)) is None or heard["type"] != "message":
                pass
    assert heard["data"].startswith(b'{"by":"')
    assert asker.seqs(room) == [1]
