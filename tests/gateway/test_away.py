"""A gateway whose Redis dies and comes back, with rooms that go on meanwhile; and one that is asked to stop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from uuid import UUID, uuid4

import psutil
import pytest
import pytest_asyncio

from commands.application import Commands
from gateway import push
from gateway.app import Gateway, running
from gateway.batched import Batched
from gateway.push import Ear
from gateway.writes import Writes
from infra.embedded import Part, Valkey
from infra.embedded.ports import any_free
from infra.postgres import pool as connect_database
from infra.push import Heard, ProgressHeard, channel, publish
from infra.redis import connect
from projections.queries.reading import Pool
from schemas.envelope import Outcome
from schemas.topics import ACCOUNTS
from tests.gateway.conftest import World
from tests.gateway.person import Person


@pytest.fixture
def valkey(run_part: Callable[[type[Part]], Part]) -> Part:
    """A Valkey of the test's own, which it may stop."""
    return run_part(Valkey)


class Hearing:
    """An ear, and what it told."""

    def __init__(self, url: str) -> None:
        self.ear = Ear(url)
        self.heard: list[Heard] = []
        self.progress: list[ProgressHeard] = []
        self.came_back = asyncio.Event()
        self.ear.tell(self.heard.append, self.progress.append, self.came_back.set, "here")

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(15):
            while not condition():
                await asyncio.sleep(0.01)


async def test_the_ear_hears_its_channels_only_and_comes_back(valkey: Part) -> None:
    hearing, room, other = Hearing(valkey.url), uuid4(), uuid4()
    listening = asyncio.create_task(hearing.ear.run())
    await hearing.until(lambda: hearing.ear.connected)
    await hearing.ear.subscribe(channel("room", room))
    async with connect(valkey.url, "test") as redis:
        await publish(redis, [Heard("room", other, 1, {}), Heard("room", room, 1, {"type": "x"})], [])
        await hearing.until(lambda: hearing.heard)
    assert hearing.heard == [Heard("room", room, 1, {"type": "x"})]

    valkey.stop()
    await hearing.until(lambda: not hearing.ear.connected)
    late = uuid4()
    await hearing.ear.subscribe(channel("room", late))
    valkey.start()
    await asyncio.wait_for(hearing.came_back.wait(), 15)

    async with connect(valkey.url, "test") as redis:
        for id_ in (room, late):
            await publish(redis, [Heard("room", id_, 2, {})], [ProgressHeard(ACCOUNTS, 1, 7)])
        await hearing.until(lambda: len(hearing.heard) == 3 and hearing.progress)
    hearing.ear.unsubscribe(channel("room", room))
    await hearing.ear.subscribe(channel("room", uuid4()))
    async with connect(valkey.url, "test") as redis:
        await publish(redis, [Heard("room", room, 3, {}), Heard("room", late, 3, {})], [])
        await hearing.until(lambda: any(one.id == late and one.seq == 3 for one in hearing.heard))
    assert not any(one.id == room and one.seq == 3 for one in hearing.heard)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_who_came_before_the_ear_first_heard_is_compared_and_without_anybody_nothing_is(
    valkey: Part,
) -> None:
    # given somebody who came while there was no connection to Redis yet, and a gateway where nobody is
    early, empty = Hearing(valkey.url), Hearing(valkey.url)
    await early.ear.subscribe(channel("room", uuid4()))

    # when both connect for the first time
    listening = [asyncio.create_task(one.ear.run()) for one in (early, empty)]
    for one in (early, empty):
        await one.until(lambda one=one: one.ear.connected)  # type: ignore[misc]

    # then what the first may have missed is asked for at once
    assert (early.came_back.is_set(), empty.came_back.is_set()) == (True, False)
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)


async def test_a_redis_that_says_nothing_is_asked_and_left_if_it_does_not_answer(
    valkey: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given an ear for which nothing is published, and which is not patient
    monkeypatch.setattr(push, "QUIET_SECONDS", 0.1)
    hearing = Hearing(valkey.url)
    listening = asyncio.create_task(hearing.ear.run())
    await hearing.until(lambda: hearing.ear.connected)

    # when it was quiet for long, then nothing has happened, since the server answers
    await asyncio.sleep(0.5)
    assert hearing.ear.connected
    assert not hearing.came_back.is_set()

    # when the server is frozen, then the connection is given up; and when it thaws, there is another
    assert valkey.child is not None
    process = psutil.Process(valkey.child.pid)
    process.suspend()
    try:
        await hearing.until(lambda: not hearing.ear.connected)
    finally:
        process.resume()
    await asyncio.wait_for(hearing.came_back.wait(), 15)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_nonsense_on_a_channel_of_ours_leaves_nobody_deaf(valkey: Part) -> None:
    hearing, room = Hearing(valkey.url), uuid4()
    listening = asyncio.create_task(hearing.ear.run())
    await hearing.until(lambda: hearing.ear.connected)
    await hearing.ear.subscribe(channel("room", room))
    async with connect(valkey.url, "test") as redis:
        await redis.publish(channel("room", room), b"nonsense")
        # what came right behind it may be lost with the connection, so there is a comparison, and another connection
        await asyncio.wait_for(hearing.came_back.wait(), 15)
        await publish(redis, [Heard("room", room, 1, {"type": "x"})], [])
        await hearing.until(lambda: hearing.heard)
    assert hearing.heard == [Heard("room", room, 1, {"type": "x"})]
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


class TestOnesOwnWrites:
    @pytest_asyncio.fixture
    async def pool(self, fresh_database: Callable[[], str]) -> AsyncIterator[Pool]:
        async with connect_database(fresh_database(), "test") as pool:
            yield pool

    async def reach(self, pool: Pool, position: int) -> None:
        async with pool.connection() as connection:
            await connection.execute(
                "INSERT INTO ops.tracking VALUES ('view:people', %s, 1, %s) ON CONFLICT "
                "(consumer, topic, partition) DO UPDATE SET position = excluded.position",
                (ACCOUNTS, position),
            )

    async def test_a_read_at_another_gateway_waits_for_the_views(self, pool: Pool, redis_url: str) -> None:
        async with connect(redis_url, "here") as one, connect(redis_url, "there") as other:
            here, there, me = Writes(Batched(one), pool, 5), Writes(Batched(other), pool, 5), uuid4()
            assert await there.visible(me)
            await here.wrote(me, Outcome(9, ACCOUNTS, 1))
            await here.wrote(me, Outcome(4, ACCOUNTS, 1))  # a repeated command, answered later
            waiting = asyncio.create_task(there.visible(me))
            await self.reach(pool, 8)
            done, _ = await asyncio.wait([waiting], timeout=0.2)
            assert not done
            await self.reach(pool, 9)
            assert await asyncio.wait_for(waiting, 2)
            assert await there.visible(uuid4())

    async def test_progress_is_heard_of(self, pool: Pool, redis_url: str) -> None:
        async with connect(redis_url, "here") as redis:
            writes, me = Writes(Batched(redis), pool, 5), uuid4()
            await writes.wrote(me, Outcome(9, ACCOUNTS, 1))
            waiting = asyncio.create_task(writes.visible(me))
            await asyncio.sleep(0)
            writes.progressed(ProgressHeard(ACCOUNTS, 1, 9))
            assert await asyncio.wait_for(waiting, 2)

    async def test_it_does_not_wait_for_ever(self, pool: Pool, redis_url: str) -> None:
        async with connect(redis_url, "here") as redis:
            writes, me = Writes(Batched(redis), pool, 0.1), uuid4()
            await writes.wrote(me, Outcome(9, ACCOUNTS, 1))
            assert not await writes.visible(me)

    async def test_without_redis_this_process_remembers(self, pool: Pool) -> None:
        async with connect(f"redis://127.0.0.1:{any_free()}", "nowhere") as redis:
            writes, me = Writes(Batched(redis), pool, 0.1), UUID(int=5)
            await writes.wrote(me, Outcome(9, ACCOUNTS, 1))
            assert not await writes.visible(me)
            await self.reach(pool, 9)
            assert await writes.visible(me)


@pytest.mark.timeout(120)
async def test_a_frozen_redis_holds_nobody_up_and_others_hear_within_two_seconds(
    world: World, valkey: Part
) -> None:
    """Its connections stay, nothing answers: a write would wait for ever, and a push never come."""
    settings = world.settings.model_copy(update={"redis_url": valkey.url})
    asker, expert = await world.person(), await world.expert()
    room = await world.room(asker, expert)
    commands = Commands(settings)
    await commands.start()
    try:
        async with running(settings, commands) as one, running(settings, world.commands) as another:
            said, heard = at(one, asker), at(another, expert)
            for person in (said, heard):
                await person.connect()
                await person.send("join_room", roomId=room)
            assert valkey.child is not None
            process = psutil.Process(valkey.child.pid)
            process.suspend()
            try:
                loop = asyncio.get_running_loop()
                for number in range(1, 4):
                    began = loop.time()
                    answer = await said.say(room, f"말 {number}", f"frozen{number}")
                    assert answer["type"] == "ack", answer
                    assert loop.time() - began < 2
                    await heard.frame("new_message", seq=answer["data"]["seq"])
                    assert loop.time() - began < 3
            finally:
                process.resume()
            answer = await said.say(room, "다시", "thawed")
            await heard.frame("new_message", seq=answer["data"]["seq"])
            seqs = [f["data"]["seq"] for f in heard.frames if f["type"] == "new_message"]
            assert seqs == list(range(1, 5))
            for person in (said, heard):
                await person.close()
    finally:
        await commands.stop()


def at(gateway: Gateway, who: Person) -> Person:
    """The same person, at this gateway."""
    where = gateway.websocket
    one = Person(who.rest, f"ws://{where.host}:{where.port}/ws")
    one.tokens, one.id = who.tokens, who.id
    return one
