"""A storm: sockets dropped at once come back at once, authenticate, and resume their inbox and two rooms in which a
message was said meanwhile; beside as many bare handshakes of `websockets`, by the same clients.

A client that is turned away tries again after 0.1 to 0.4 s, and that is part of the time.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Mapping
from uuid import UUID

import orjson
import psutil

from bench.crowd.called import Crowds, crowds
from bench.crowd.wire import Spec
from bench.fanout import listening
from bench.gateway_alone import gateway
from bench.peers.started import cpu_seconds, started
from bench.stack import say
from bench.tokens import Signer
from bench.world import Room, World
from infra.ids import new_id
from schemas.commands.room import PostMessage

MEMBERS = 5
PROCESSES = 2
AWAY_SECONDS = 2.0
"""Between the drop and the return, at each server. Who is away for 5 s is absent, and others are told of it."""


def _resuming(tokens: Signer, member: UUID, heads: Mapping[UUID, int]) -> Spec:
    """A client that has everything of its rooms but the last event."""
    rooms = {str(room): head - 1 for room, head in heads.items()}
    frames = (
        {"type": "authenticate", "data": {"token": tokens.access(member, "both")}},
        {"type": "resume", "id": "resume", "data": {"inboxSeq": 1, "rooms": rooms}},
    )
    said = tuple(orjson.dumps(frame).decode() for frame in frames)
    return Spec("/ws", said, '{"type":"ack"', 1, '{"type":"new_message"')


async def _bare(sockets: int, *flags: str) -> tuple[float, float]:
    spec = Spec("/", (), "", 0, "-")
    with started("bare", *flags) as peer:
        async with crowds(peer.port, PROCESSES) as crowd:
            await crowd.open([spec] * sockets)
            await crowd.drop()
            await asyncio.sleep(AWAY_SECONDS)
            return await _back(" ".join(("websockets", *flags)), [spec] * sockets, crowd, peer.process)


async def _back(who: str, specs: list[Spec], crowd: Crowds, process: psutil.Process) -> tuple[float, float]:
    """The seconds until the last is back, and of CPU."""
    before = cpu_seconds(process)
    told = await crowd.open(specs, len(specs))
    spent = cpu_seconds(process) - before
    say(
        "storm",
        server=who,
        sockets=len(specs),
        all_back_seconds=round(told["seconds"], 2),
        half_back_seconds=round(told["half_seconds"], 2),
        cpu_seconds=round(spent, 2),
        turned_away=told["turned_away"],
    )
    return float(told["seconds"]), spent


async def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.storm")
    parser.add_argument("--sockets", type=int, default=5_000)
    options = parser.parse_args(arguments or [])
    bare = await _bare(options.sockets)
    looped = await _bare(options.sockets, "--uvloop")
    async with gateway() as alone:
        tokens = Signer(alone.settings)
        pairs = await alone.world.pairs_of_rooms(options.sockets, MEMBERS)
        await alone.road.catch_up()
        async with crowds(alone.port, PROCESSES) as crowd:
            await crowd.open([listening(tokens, person, *rooms) for person, rooms in pairs.items()])
            await crowd.drop()
            dropped = time.perf_counter()
            heads = await _said({room.id: room for pair in pairs.values() for room in pair}, alone.world)
            await alone.road.catch_up()
            specs = [
                _resuming(tokens, person, {room.id: heads[room.id] for room in rooms})
                for person, rooms in pairs.items()
            ]
            await asyncio.sleep(dropped + AWAY_SECONDS - time.perf_counter())
            ours = await _back("ours", specs, crowd, alone.process)
            missed = 2 * options.sockets - await crowd.delivered()
    say(
        "storm-ratio",
        to_websockets=round(ours[0] / bare[0], 2),
        to_websockets_on_uvloop=round(ours[0] / looped[0], 2),
        cpu_to_websockets=round(ours[1] / bare[1], 2),
        cpu_to_websockets_on_uvloop=round(ours[1] / looped[1], 2),
        not_caught_up=missed,
    )


async def _said(rooms: Mapping[UUID, Room], world: World) -> dict[UUID, int]:
    """Say one message in each room; its `seq` by room."""

    async def one(room: Room) -> int:
        command = PostMessage(room_id=room.id, message_id=new_id(), content="다들 돌아오세요.")
        outcome = await world.do(room.members[0], command)
        return int(outcome.result["seq"])

    return dict(zip(rooms, await asyncio.gather(*map(one, rooms.values())), strict=True))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
