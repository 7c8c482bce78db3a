"""Bad readers: one that is far behind and catches up, and one that stalls while 80 MB are published to its room.

What the others in the room wait for each message, with and without it, and the most that was held for one reader. They
talk by themselves and beside it in turns; the ratio is of the middle p99 of each, so that one bad turn does not make it.
Beside it stands the middle of the ratios of each two turns that follow one another, and how far a turn by themselves
differs from the one before, which is what chance alone does.
"""

import argparse
import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median
from typing import Any

import httpx
import orjson
from websockets.asyncio.client import connect

from bench.chat import Listener
from bench.crowd.called import Crowds, crowds
from bench.fanout import listening
from bench.gateway_alone import Alone, gateway
from bench.open_loop import Record, drive, settle
from bench.stack import percentiles, say
from bench.tokens import Signer
from bench.world import Room
from infra.ids import new_id
from schemas.commands.room import PostMessage

AT_ONCE = 500


@dataclass
class Seen:
    """What the members saw in several turns of talk."""

    deliveries: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    """Of each turn, in ms."""
    sent: int = 0
    repeated: int = 0
    disordered: int = 0

    def add(self, record: Record) -> None:
        """One more turn."""
        self.deliveries += record.deliveries
        self.p99.append(percentiles(record.deliveries)["p99"])
        self.sent += len(record.sent)
        self.repeated += record.repeated
        self.disordered += record.disordered


ROAD_SECONDS = 0.005


class Wordy(Listener):
    """A member whose messages have `size` characters, each one byte."""

    size = 20

    async def say(self, room_id: str, key: str, content: str) -> None:
        await super().say(room_id, key, content.ljust(self.size, "."))


def ratios(alone: Seen, beside: Seen) -> dict[str, Any]:
    """How the p99 of turns beside the reader stands to that of turns without."""
    return {
        "p99_ratio": round(median(beside.p99) / median(alone.p99), 2),
        "p99_ratio_of_pairs": round(median(b / a for a, b in zip(alone.p99, beside.p99, strict=True)), 2),
        "p99_by_chance": [round(later / before, 2) for before, later in pairwise(alone.p99)],
    }


@asynccontextmanager
async def talkers(alone: Alone, room: Room, size: int) -> AsyncIterator[list[Wordy]]:
    """Every member of `room` but the last, listening."""
    tokens, record, people, tasks = Signer(alone.settings), Record(), [], []
    for member in room.members[:-1]:
        socket = await connect(f"ws://127.0.0.1:{alone.port}/ws", compression=None, max_queue=None)
        one = Wordy(member, socket, record)
        one.size = size
        tasks.append(asyncio.create_task(one.read()))
        for frame in (
            {"type": "authenticate", "data": {"token": tokens.access(member, "both")}},
            {"type": "join_room", "id": "join", "data": {"roomId": str(room.id)}},
        ):
            await socket.send(orjson.dumps(frame).decode())
        await asyncio.wait_for(one.joined.wait(), 30)
        people.append(one)
    try:
        yield people
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *(one.socket.close() for one in people), return_exceptions=True)


async def talked(people: list[Wordy], room: Room, rate: float, seconds: float) -> Record:
    """What the members saw of `seconds` of talk."""
    record = Record()
    sent = await drive([(str(room.id), people)], rate, seconds, record, new_id().hex[-12:])
    await settle(record, sent * len(people))
    return record


async def behind(alone: Alone, options: argparse.Namespace) -> None:
    """Somebody comes back after a long time, again and again while the others talk."""
    (room,) = await alone.world.rooms(1, options.members)
    for start in range(0, options.behind, AT_ONCE):
        said = (
            PostMessage(room_id=room.id, message_id=new_id(), content=f"말 {number} 입니다")
            for number in range(start, start + AT_ONCE)
        )
        await asyncio.gather(*(alone.world.do(room.members[0], command) for command in said))
    await alone.road.catch_up()
    late = listening(Signer(alone.settings), room.members[-1], room)
    join = {"type": "join_room", "id": "join", "data": {"roomId": str(room.id), "afterSeq": 0}}
    late = replace(late, say=(late.say[0], orjson.dumps(join).decode()))

    async def come_back(crowd: Crowds) -> None:
        while True:
            await crowd.open([late])
            await crowd.drop()

    async with following(alone), talkers(alone, room, 20) as people:
        async with crowds(alone.port) as crowd:
            took = (await crowd.open([late]))["seconds"]
        await talked(people, room, options.rate, 2)
        by_themselves, beside = Seen(), Seen()
        for _ in range(options.turns):
            # The late reader's process is there before: to start one takes more of a core than the reader does.
            async with crowds(alone.port) as crowd:
                by_themselves.add(await talked(people, room, options.rate, options.seconds))
                returning = asyncio.create_task(come_back(crowd))
                beside.add(await talked(people, room, options.rate, options.seconds))
                returning.cancel()
    alone_ms, beside_ms = percentiles(by_themselves.deliveries), percentiles(beside.deliveries)
    say(
        "readers-behind",
        behind=options.behind,
        members=len(people),
        rate=options.rate,
        catch_up_seconds_while_nobody_talks=round(took, 1),
        alone_ms=alone_ms,
        beside_ms=beside_ms,
        **ratios(by_themselves, beside),
        alone_p99_by_turn=by_themselves.p99,
        beside_p99_by_turn=beside.p99,
        repeated=beside.repeated,
        out_of_order=beside.disordered,
    )


async def stalled(alone: Alone, options: argparse.Namespace) -> None:
    """Somebody joins and reads nothing more."""
    (room,) = await alone.world.rooms(1, options.members)
    await alone.road.catch_up()
    seconds = options.megabytes * 1_000_000 / options.bytes / options.wordy_rate
    async with following(alone), talkers(alone, room, options.bytes) as people:
        await talked(people, room, options.wordy_rate, 2)
        by_themselves, beside = Seen(), Seen()
        turn = seconds / options.turns
        for _ in range(options.turns):
            by_themselves.add(await talked(people, room, options.wordy_rate, turn))
            reader, writer = await stall(alone, room)
            beside.add(await talked(people, room, options.wordy_rate, turn))
            reader.feed_eof()
            writer.transport.abort()
    alone_ms, beside_ms = percentiles(by_themselves.deliveries), percentiles(beside.deliveries)
    told = await metrics(alone)
    say(
        "readers-stalled",
        published_mb=round(beside.sent * options.bytes / 1e6, 1),
        members=len(people),
        rate=options.wordy_rate,
        alone_ms=alone_ms,
        beside_ms=beside_ms,
        **ratios(by_themselves, beside),
        alone_p99_by_turn=by_themselves.p99,
        beside_p99_by_turn=beside.p99,
        held_bytes_at_most=int(told["yeon_gateway_fullest_queue_bytes"]),
        allowed_bytes=alone.settings.socket_buffer_bytes,
        cut_off=int(told.get('yeon_gateway_closed_total{code="4408"}', 0)),
        memory_mb=round(alone.process.memory_info().rss / 1e6),
    )


async def stall(alone: Alone, room: Room) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The last member's connection, joined, of which nothing is read any more."""
    spec = listening(Signer(alone.settings), room.members[-1], room)
    reader, writer = await asyncio.open_connection("127.0.0.1", alone.port)
    writer.write(
        b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    await reader.readuntil(b"\r\n\r\n")
    for text in spec.say:
        payload = text.encode()
        writer.write(b"\x81\xfe" + len(payload).to_bytes(2, "big") + bytes(4) + payload)
    await reader.readuntil(b'"ack"')
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    return reader, writer


@asynccontextmanager
async def following(alone: Alone) -> AsyncIterator[None]:
    """The views follow what is appended."""

    async def follow() -> None:
        while True:
            await alone.road.catch_up()
            await asyncio.sleep(ROAD_SECONDS)

    task = asyncio.create_task(follow())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def metrics(alone: Alone) -> dict[str, float]:
    """What the gateway counts."""
    async with httpx.AsyncClient() as client:
        told = (await client.get(f"http://127.0.0.1:{alone.settings.http_port}/metrics")).text
    lines = (line.rsplit(" ", 1) for line in told.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in lines}


async def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.readers")
    parser.add_argument("--members", type=int, default=11)
    parser.add_argument(
        "--turns", type=int, default=5, help="the others alone and beside the reader, in turns"
    )
    parser.add_argument("--seconds", type=float, default=4.0, help="of each turn beside the late reader")
    parser.add_argument("--behind", type=int, default=100_000, help="events the late reader has missed")
    parser.add_argument("--rate", type=float, default=100.0, help="messages a second beside the late reader")
    parser.add_argument(
        "--megabytes", type=float, default=80.0, help="published to the stalled reader's room"
    )
    parser.add_argument("--bytes", type=int, default=8_000, help="of each of these messages")
    parser.add_argument(
        "--wordy-rate", type=float, default=80.0, help="at 200 both cores are full, and chance rules"
    )
    parser.add_argument("--only", choices=("behind", "stalled"))
    options = parser.parse_args(arguments or [])
    async with gateway() as alone:
        if options.only != "stalled":
            await behind(alone, options)
        if options.only != "behind":
            await stalled(alone, options)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
