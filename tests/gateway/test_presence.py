"""Presence and typing across gateways: a crash leaves no ghosts, a short drop is no absence, typing ends by itself."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from gateway.announcer import Announcer
from gateway.batched import Batched
from gateway.presence import GRACE_SECONDS, Present
from gateway.typists import FORGOTTEN_AFTER_SECONDS, Typists
from infra.ending import ended
from infra.ids import new_id
from infra.postgres import pool as connect_database
from infra.presence import LOOKING, ONLINE, REFRESH_SECONDS
from infra.push import Heard
from infra.redis import connect as connect_redis
from tests.gateway.conftest import World
from tests.gateway.person import Person


async def listening(world: World) -> tuple[Person, Person, str]:
    """Somebody who listens to a room, and another of its people."""
    asker, expert = await world.person(), await world.expert()
    room = await world.room(asker, expert)
    await asker.connect()
    await asker.send("join_room", roomId=room)
    return asker, expert, room


async def test_who_was_at_a_gateway_that_died_is_gone_within_ten_seconds(world: World) -> None:
    asker, expert, _ = await listening(world)
    redis = connect_redis(world.settings.redis_url, "dead")
    async with redis, connect_database(world.settings.postgres_url, "dead") as pool:
        batched = Batched(redis)
        # nobody runs it: its heartbeat is its last
        dead = Present(redis, batched, pool, Announcer(batched, lambda _: None).say)
        dead.came(expert.id)
        await asker.frame("presence", userId=str(expert.id), online=True)
        died = time.monotonic()

        await asker.until(
            lambda: any(f["type"] == "presence" and f["data"]["online"] is False for f in asker.frames), 15
        )

        assert 5 <= time.monotonic() - died <= 10
        await dead.close()


async def test_a_drop_under_five_seconds_is_no_absence(world: World) -> None:
    asker, expert, room = await listening(world)
    await expert.connect()
    await asker.frame("presence", userId=str(expert.id), online=True)
    mark = len(asker.frames)

    await expert.disconnect()
    await asyncio.sleep(3)  # what is tried is an absence of this length
    at_drop = (await asker.rest.get(f"/chat-rooms/{room}")).json()["participants"]
    await expert.connect()
    await asyncio.sleep(4)  # past the time at which the first socket's absence would have been told

    assert {one["userId"]: one["online"] for one in at_drop}[str(expert.id)] is True
    assert not [frame for frame in asker.frames[mark:] if frame["type"] == "presence"]


async def test_while_many_come_back_at_once_nobody_who_waits_for_their_turn_is_absent(world: World) -> None:
    heard = list[Heard]()
    asker, expert = await world.person(), await world.expert()
    await world.room(asker, expert)
    redis = connect_redis(world.settings.redis_url, "rush")
    async with redis, connect_database(world.settings.postgres_url, "rush") as pool:
        batched = Batched(redis)

        async def say(said: Sequence[Heard]) -> None:
            heard.extend(said)

        here = Present(redis, batched, pool, say)
        beats = asyncio.create_task(here.run())
        # given somebody who dropped
        here.came(expert.id)
        async with asyncio.timeout(3):
            while not heard:
                await asyncio.sleep(0.05)
        heard.clear()
        here.went(expert.id)

        # when others go on coming for longer than an absence takes to be told
        until = time.monotonic() + GRACE_SECONDS + 2
        while time.monotonic() < until:
            for _ in range(10):
                here.came(new_id())
            await asyncio.sleep(0.05)
        told_meanwhile = [one.frame["data"] for one in heard]
        online = await redis.zscore(ONLINE, str(expert.id))

        # then nobody was told, and everybody is soon after the rush
        assert told_meanwhile == []
        assert online is not None
        assert online > time.time() - REFRESH_SECONDS - 1
        async with asyncio.timeout(3):
            while not heard:
                await asyncio.sleep(0.05)
        assert heard[0].frame["data"] == {"userId": str(expert.id), "online": False}
        assert await redis.zscore(ONLINE, str(expert.id)) is None
        await ended([beats])
        await here.close()


async def test_typing_that_a_dead_gateway_never_ended_ends_here(redis_url: str) -> None:
    room, user, ended = UUID(int=1), UUID(int=2), list[Heard]()
    here = Typists(connect_redis(redis_url, "typing"))
    data: dict[str, Any] = {"roomId": str(room), "userId": str(user), "isTyping": True}

    here.heard(Heard("room", room, 0, {"type": "typing_indicator", "data": data}), ended.append)

    async with asyncio.timeout(FORGOTTEN_AFTER_SECONDS + 10):
        while not ended:
            await asyncio.sleep(0.05)
    assert ended[0].frame["data"] == data | {"isTyping": False}


async def test_who_looks_sees_at_least_one_of_their_clients(world: World) -> None:
    user = UUID(int=7)
    redis = connect_redis(world.settings.redis_url, "looking")
    async with redis, connect_database(world.settings.postgres_url, "looking") as pool:
        batched = Batched(redis)
        here = Present(redis, batched, pool, Announcer(batched, lambda _: None).say)

        async def looks() -> bool:
            """Whether somebody who asks from now on is told so, after the next heartbeat."""
            await redis.zrem(LOOKING, str(user))
            await here.refresh()
            return await redis.zscore(LOOKING, str(user)) is not None

        # given two clients, neither of which ever said anything
        here.came(user)
        here.came(user)
        assert await looks()

        # then one that is out of sight changes nothing, and both do
        here.sees(user, visible=False)
        assert await looks()
        here.sees(user, visible=False)
        assert not await looks()
        assert await redis.zscore(ONLINE, str(user)) is not None

        # and whoever looks again, or comes with another client, looks at once
        here.sees(user, visible=True)
        await batched.run("PING")
        assert await redis.zscore(LOOKING, str(user)) is not None
        here.sees(user, visible=False)
        await redis.zrem(LOOKING, str(user))
        here.came(user)
        await batched.run("PING")
        assert await redis.zscore(LOOKING, str(user)) is not None

        # and of those that go, the hidden ones count as hidden no more
        here.went(user, hidden=True)
        here.went(user, hidden=False)
        assert not await looks()
        here.went(user, hidden=True)
        here.came(user)
        assert await looks()
        await here.close()
