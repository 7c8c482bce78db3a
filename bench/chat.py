"""Chat: rooms × members at a fixed open-loop rate, over the whole stack and back to every member's socket.

Open loop: messages are sent when they are due, however slow the answers, so that waiting is counted. Times are
from just before the send to the arrival of the frame, all in one process on one clock. Sequence numbers tell
what was lost, repeated or out of order, per socket.
"""

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass, field
from uuid import UUID

import orjson
from websockets.asyncio.client import ClientConnection, connect

from bench.stack import Running, percentiles, running, say
from bench.tokens import Signer
from bench.world import Room, World
from infra.settings import Settings


@dataclass
class Record:
    """What the clients saw."""

    sent: dict[str, float] = field(default_factory=dict)
    acks: list[float] = field(default_factory=list)
    deliveries: list[float] = field(default_factory=list)
    errors: int = 0
    repeated: int = 0
    disordered: int = 0
    received: int = 0


class Listener:
    """One member's socket."""

    def __init__(self, user_id: UUID, socket: ClientConnection, record: Record) -> None:
        self.user_id = user_id
        self.socket = socket
        self.record = record
        self.last: dict[str, int] = {}
        self.seen: set[tuple[str, int]] = set()
        self.joined = asyncio.Event()

    async def read(self) -> None:
        async for text in self.socket:
            now = time.perf_counter()
            record = self.record
            frame = orjson.loads(text)
            kind, data = frame["type"], frame["data"]
            if kind == "new_message":
                began = record.sent.get(data["message"]["clientMsgId"])
                if began is not None:
                    record.deliveries.append(now - began)
                    self._number(data["roomId"], data["seq"])
            elif kind == "ack":
                if frame["id"] == "join":
                    self.joined.set()
                elif frame["id"] in record.sent:
                    record.acks.append(now - record.sent[frame["id"]])
            elif kind == "error":
                record.errors += 1

    def _number(self, room: str, seq: int) -> None:
        record = self.record
        record.received += 1
        if (room, seq) in self.seen:
            record.repeated += 1
        elif seq < self.last.get(room, 0):
            record.disordered += 1
        self.seen.add((room, seq))
        self.last[room] = max(seq, self.last.get(room, 0))


async def _listen(stack: Running, room: Room, tokens: Signer, record: Record) -> list[Listener]:
    listeners = []
    for member in room.members:
        socket = await connect(stack.ws, compression=None, max_queue=None)
        token = tokens.access(member, "both")
        await socket.send(orjson.dumps({"type": "authenticate", "data": {"token": token}}).decode())
        listener = Listener(member, socket, record)
        listener_task = asyncio.create_task(listener.read())
        _tasks.add(listener_task)
        join = {"type": "join_room", "id": "join", "data": {"roomId": str(room.id)}}
        await socket.send(orjson.dumps(join).decode())
        listeners.append(listener)
    for listener in listeners:
        await asyncio.wait_for(listener.joined.wait(), 30)
    return listeners


_tasks: set[asyncio.Task[None]] = set()


async def _drive(
    rooms: list[list[Listener]], room_ids: list[UUID], rate: float, seconds: float, r: Record
) -> int:
    """Send `rate` messages a second for `seconds`, round the rooms and their members; how many were sent."""
    count = int(rate * seconds)
    start = time.perf_counter()
    for i in range(count):
        due = start + i / rate
        while (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        room = i % len(rooms)
        sender = rooms[room][(i // len(rooms)) % len(rooms[room])]
        key = f"{rate:g}-{i}"
        body = {
            "type": "send_message",
            "id": key,
            "data": {
                "roomId": str(room_ids[room]),
                "message": {"content": f"말 {i} 입니다", "clientMsgId": key},
            },
        }
        r.sent[key] = time.perf_counter()
        await sender.socket.send(orjson.dumps(body).decode())
    return count


async def _settle(record: Record, expected: int) -> None:
    deadline = time.perf_counter() + 15
    while record.received < expected and time.perf_counter() < deadline:
        await asyncio.sleep(0.05)


async def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.chat")
    parser.add_argument("--rooms", type=int, default=40)
    parser.add_argument("--members", type=int, default=5)
    parser.add_argument("--rates", type=float, nargs="+", default=[300.0, 600.0])
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args(arguments or [])
    with running() as stack:
        settings = Settings(data_dir=stack.data_dir)
        tokens = Signer(settings)
        async with World(settings) as world:
            rooms = await world.rooms(options.rooms, options.members)
        await asyncio.to_thread(stack.wait_until_caught_up)
        warm_up = Record()
        listeners = [await _listen(stack, room, tokens, warm_up) for room in rooms]
        ids = [room.id for room in rooms]
        await _drive(listeners, ids, 50.0, 3.0, warm_up)
        await _settle(warm_up, int(150 * options.members))
        say("chat-idle", memory_mb=(memory := stack.memory_mb()), total_mb=round(sum(memory.values()), 1))
        for rate in options.rates:
            record = Record()
            for listener in (one for room in listeners for one in room):
                listener.record = record
            before, began = stack.cpu_seconds(), time.perf_counter()
            sent = await _drive(listeners, ids, rate, options.seconds, record)
            took = time.perf_counter() - began
            await _settle(record, sent * options.members)
            after = stack.cpu_seconds()
            say(
                "chat",
                rooms=options.rooms,
                members=options.members,
                rate=rate,
                seconds=round(took, 1),
                sent=sent,
                acknowledged=len(record.acks),
                errors=record.errors,
                lost=len(record.acks) * options.members - (record.received - record.repeated),
                repeated=record.repeated,
                out_of_order=record.disordered,
                delivered_ms=percentiles(record.deliveries),
                ack_ms=percentiles(record.acks),
                cpu_cores={role: round((after[role] - before.get(role, 0)) / took, 3) for role in after},
            )
        for task in _tasks:
            task.cancel()
        for listener in (one for room in listeners for one in room):
            await listener.socket.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
