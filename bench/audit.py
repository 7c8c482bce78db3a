"""Audit: what it adds to the time from an answer to the views, at an open-loop rate: the worker with it and without it, in
turns, so that whatever else the machine does falls on both."""

import argparse
import asyncio
import sys
import time
from collections import defaultdict

import orjson
from redis.asyncio import Redis

from bench.site import Site, laid_out
from bench.stack import percentiles, say
from bench.world import Room, World
from infra.ids import new_id
from infra.push import PROGRESS
from schemas.commands.room import PostMessage

LOG = 50_000
ROOMS, MEMBERS = 40, 5
WORKERS = {"with": ("streams", "worker"), "without": ("bench.unaudited", "worker")}


async def _load(site: Site, world: World, rooms: list[Room], rate: int, seconds: float) -> list[float]:
    """The times from each answer to the moment the views are said to hold it, in seconds."""
    answered: dict[tuple[str, int], list[tuple[int, float]]] = defaultdict(list)
    reached: dict[tuple[str, int], list[tuple[int, float]]] = defaultdict(list)
    redis = Redis.from_url(site.settings.redis_url)

    async def hear() -> None:
        async with redis.pubsub() as heard:
            await heard.subscribe(PROGRESS)
            async for message in heard.listen():
                if message["type"] == "message":
                    said = orjson.loads(message["data"])
                    reached[said["topic"], said["partition"]].append((said["position"], time.perf_counter()))

    async def one(number: int) -> None:
        room = rooms[number % ROOMS]
        command = PostMessage(room_id=room.id, message_id=new_id(), content="얼마나 걸리나요?")
        outcome = await world.do(room.members[number % MEMBERS], command)
        answered[outcome.topic, outcome.partition].append((outcome.position, time.perf_counter()))

    hearing = asyncio.create_task(hear())
    await asyncio.sleep(0.5)
    tasks, began = [], time.perf_counter()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(one(number)))
    await asyncio.gather(*tasks)
    await site.until(site.caught_up)
    await asyncio.sleep(0.2)
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)
    await redis.aclose()
    times = []
    for place, answers in answered.items():
        for position, at in answers:
            shown = next(seen for highest, seen in reached[place] if highest >= position)
            times.append(shown - at)
    return times


async def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.audit")
    parser.add_argument("--rate", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--turns", type=int, default=4)
    options = parser.parse_args(arguments or [])
    times: dict[str, list[float]] = defaultdict(list)
    async with laid_out(LOG) as site, World(site.settings) as world:
        site.start("relay")
        rooms = await world.rooms(ROOMS, MEMBERS)
        for _ in range(options.turns):
            for how, module in WORKERS.items():
                site.modules["streams"] = module
                site.start("streams")
                await site.until(site.caught_up)
                await _load(site, world, rooms, options.rate, 3.0)
                times[how] += await _load(site, world, rooms, options.rate, options.seconds)
                site.kill("streams")
    found = {how: percentiles(measured) for how, measured in times.items()}
    added = {p: round(100 * (found["with"][p] / found["without"][p] - 1), 1) for p in ("p50", "p90", "p99")}
    say("audit", rate=options.rate, ms=found, added_per_cent=added)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
