"""Given pushes and progress, when they are published, then subscribers hear them whole and in order, and a Redis that
is away fails nothing."""

import asyncio
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from infra.embedded.ports import any_free
from infra.push import PROGRESS, Heard, ProgressHeard, channel, decode, publish
from infra.redis import connect

ROOM, USER = UUID(int=1), UUID(int=2)


@dataclass(frozen=True)
class Said:
    kind: Literal["room", "user"]
    id: UUID
    seq: int
    frame: dict[str, Any]
    traceparent: str = ""


@dataclass(frozen=True)
class Reached:
    topic: str
    partition: int
    position: int


async def hear(redis: Redis, count: int, ready: asyncio.Event) -> list[object]:
    """The next `count` messages of a subscriber to everything."""
    heard: list[object] = []
    async with redis.pubsub() as subscriber:
        await subscriber.psubscribe("yeon:*")
        async for message in subscriber.listen():
            if message["type"] == "psubscribe":
                ready.set()
                continue
            heard.append(decode(message["channel"], message["data"]))
            if len(heard) == count:
                break
    return heard


async def test_pushes_come_in_order_and_the_progress_after_them(redis_url: str) -> None:
    said = [Said("room", ROOM, n, {"type": "new_message", "data": {"글": n}}) for n in range(3)]
    told = Said("user", USER, 9, {"type": "room_opened", "data": {}})
    async with connect(redis_url, "test") as redis:
        ready = asyncio.Event()
        hearing = asyncio.create_task(hear(redis, 5, ready))
        await ready.wait()

        assert await publish(redis, [*said, told], [Reached("t", 3, 42)])

        assert await asyncio.wait_for(hearing, 10) == [
            *(Heard("room", ROOM, n, {"type": "new_message", "data": {"글": n}}) for n in range(3)),
            Heard("user", USER, 9, {"type": "room_opened", "data": {}}),
            ProgressHeard("t", 3, 42),
        ]


async def test_a_redis_that_is_away_is_counted_and_fails_nothing() -> None:
    before = REGISTRY.get_sample_value("yeon_pushes_unpublished_total") or 0
    async with connect(f"redis://127.0.0.1:{any_free()}", "test") as redis:
        assert not await publish(redis, [Said("room", ROOM, 1, {})], [])
    assert REGISTRY.get_sample_value("yeon_pushes_unpublished_total") == before + 1


def test_channels_are_those_of_the_contract() -> None:
    assert channel("room", ROOM) == f"yeon:room:{ROOM}"
    assert channel("user", USER) == f"yeon:user:{USER}"
    assert PROGRESS == "yeon:progress"
    with pytest.raises(ValueError, match="no channel of ours"):
        decode("yeon:else", b"{}")
