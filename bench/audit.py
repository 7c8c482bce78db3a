"""Audit: what it adds to the time from an answer to the views, at an open-loop rate: the worker with it and without it, in
turns, so that whatever else the machine does falls on both; and twice without it, which says how much is noise."""

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
UNAUDITED = ("bench.unaudited", "worker")
WORKERS = {"with": ("streams", "worker"), "without": UNAUDITED, "without again": UNAUDITED}
"""The last is the noise: what two equal workers differ by."""
PERCENTILES = ("p50", "p90", "p99")


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
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args(arguments or [])
    times: dict[str, list[float]] = defaultdict(list)
    medians: dict[str, list[float]] = defaultdict(list)
    async with laid_out(LOG) as site, World(site.settings) as world:
        site.start("relay")
        rooms = await world.rooms(ROOMS, MEMBERS)
        await site.until(site.relayed)
        for turn in range(options.turns):
            for how in [*WORKERS][turn % 3 :] + [*WORKERS][: turn % 3]:
                module = WORKERS[how]
                site.modules["streams"] = module
                site.start("streams")
                await site.until(site.caught_up)
                await _load(site, world, rooms, options.rate, 3.0)
                measured = await _load(site, world, rooms, options.rate, options.seconds)
                medians[how].append(percentiles(measured)["p50"])
                times[how] += measured
                site.kill("streams")
    found = {how: percentiles(measured) for how, measured in times.items()}
    plain = percentiles(times["without"] + times["without again"])

    def more(how: str, than: dict[str, float]) -> dict[str, float]:
        return {p: round(100 * (found[how][p] / than[p] - 1), 1) for p in PERCENTILES}

    say(
        "audit",
        rate=options.rate,
        ms=found,
        median_of_each_turn_ms=medians,
        added_per_cent=more("with", plain),
        noise_per_cent=more("without again", found["without"]),
    )


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
