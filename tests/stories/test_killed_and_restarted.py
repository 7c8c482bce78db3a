"""kill -9 of every process of ours and of the broker under load: what was acknowledged is there, once, in order."""

import asyncio
import shutil

import pytest
from websockets.exceptions import ConnectionClosed

from tests.stories.conftest import Pair, Stack
from tests.stories.people import Person, Rejected

VICTIMS = ["-m gateway", "-m streams relay", "-m streams worker", "-m matcher", "broker"]
BROKER = {"embedded": "noida-db", "apache": "kafka.Kafka"}


async def _keep_talking(asker: Person, room: str, acknowledged: dict[str, int], stop: asyncio.Event) -> None:
    """Say one thing after another; what is not acknowledged is said again under the same id."""
    number = 0
    while not stop.is_set():
        number += 1
        while True:
            try:
                answer = await asker.say(room, f"말 {number}", f"n{number}")
                acknowledged[f"말 {number}"] = answer["seq"]
                break
            except (ConnectionClosed, TimeoutError, OSError, AssertionError):
                await asker.reconnect()
            except Rejected as rejected:
                if rejected.code != "unavailable":
                    raise


@pytest.mark.timeout(300)
async def test_nothing_acknowledged_is_lost_whatever_is_killed(
    mortal: Stack, pair: Pair, broker_kind: str
) -> None:
    asker, expert, room = pair
    acknowledged: dict[str, int] = {}
    stop = asyncio.Event()
    talking = asyncio.create_task(_keep_talking(asker, room, acknowledged, stop))

    for words in VICTIMS:
        before = len(acknowledged)
        async with asyncio.timeout(30):
            while len(acknowledged) < before + 40:
                await asyncio.sleep(0.01)
        mortal.kill(BROKER[broker_kind] if words == "broker" else words)
        before = len(acknowledged)
        async with asyncio.timeout(60):
            while len(acknowledged) < before + 40:
                await asyncio.sleep(0.01)
    stop.set()
    await asyncio.wait_for(talking, 60)
    last = max(acknowledged.values())

    async with asyncio.timeout(60):
        while True:
            await asker.reconnect()
            items = await asker.history(room)
            if items and items[-1]["seq"] >= last:
                break
            await asyncio.sleep(0.2)
    assert [item["seq"] for item in items] == list(range(1, len(items) + 1))
    stored = {item["content"]: item["seq"] for item in items}
    assert stored == acknowledged
    assert len({item["id"] for item in items}) == len(items)

    await expert.reconnect()
    start = len(expert.frames)
    await expert.send("join_room", roomId=room, afterSeq=0)
    seen = [f["data"]["seq"] for f in expert.frames[start:] if f["type"] == "new_message"]
    assert seen == list(range(1, len(items) + 1))


@pytest.mark.timeout(300)
async def test_started_again_everything_is_as_it_was(mortal: Stack, pair: Pair) -> None:
    asker, expert, room = pair
    for i in range(10):
        await asker.say(room, f"기억해요 {i}", f"k{i}")
    last = await expert.frame("new_message", roomId=room, seq=10)
    before = await asker.history(room)
    below = mortal.processes("")

    await asker.disconnect()
    await expert.disconnect()
    assert mortal.stop() == 0
    assert [process for process in below if process.is_running()] == []

    mortal.start()
    assert await asker.history(room) == before
    await expert.connect()
    await expert.send("join_room", roomId=room, afterSeq=9)
    assert (await expert.frame("new_message", roomId=room, seq=10)) == last
    await asker.connect()
    await asker.send("join_room", roomId=room)
    await asker.say(room, "다시 왔어요", "back")
    await expert.frame("new_message", roomId=room, seq=11)


@pytest.mark.kafka
@pytest.mark.timeout(300)
async def test_an_index_that_was_lost_under_load_comes_back_by_itself(mortal: Stack, pair: Pair) -> None:
    # given people who talk, and an index of which the matcher and every file are gone at once
    asker, expert, room = pair
    acknowledged: dict[str, int] = {}
    stop = asyncio.Event()
    talking = asyncio.create_task(_keep_talking(asker, room, acknowledged, stop))
    mortal.kill("-m matcher")
    shutil.rmtree(mortal.data_dir / "qdrant")

    # when somebody asks meanwhile
    question = await asker.ask("벽시계의 추가 멈춰요. 어디서 고치나요?")

    # then the matcher is started again, fills the index from the log, and finds the expert
    offered = await expert.until(
        lambda: [f for f in expert.frames if f["data"].get("question", {}).get("id") == question["id"]], 60
    )
    stop.set()
    await talking
    assert offered[0]["type"] == "question_assigned"
    assert len(acknowledged) > 20
