"""Chat: rooms × members at a fixed open-loop rate, over the whole stack and back to every member's socket."""

import argparse
import asyncio
import sys
import time
from uuid import UUID

import orjson
from websockets.asyncio.client import ClientConnection, connect

from bench.open_loop import Numbered, Record, Room, drive, figures, settle
from bench.stack import Running, running, say
from bench.tokens import Signer
from bench.world import Room as RoomOfPeople
from bench.world import World
from infra.settings import Settings


class Listener(Numbered):
    """One member's socket."""

    def __init__(self, user_id: UUID, socket: ClientConnection, record: Record) -> None:
        super().__init__(record)
        self.user_id = user_id
        self.socket = socket
        self.joined = asyncio.Event()

    async def say(self, room_id: str, key: str, content: str) -> None:
        message = {"content": content, "clientMsgId": key}
        body = {"type": "send_message", "id": key, "data": {"roomId": room_id, "message": message}}
        await self.socket.send(orjson.dumps(body).decode())

    async def read(self) -> None:
        async for text in self.socket:
            frame = orjson.loads(text)
            kind, data = frame["type"], frame["data"]
            if kind == "new_message":
                self.delivered(data["message"]["clientMsgId"], data["roomId"], data["seq"])
            elif kind == "ack":
                if frame["id"] == "join":
                    self.joined.set()
                else:
                    self.acknowledged(frame["id"])
            elif kind == "error":
                self.record.errors += 1


async def _listen(stack: Running, room: RoomOfPeople, tokens: Signer, record: Record) -> list[Listener]:
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
            made = await world.rooms(options.rooms, options.members)
        await asyncio.to_thread(stack.wait_until_caught_up)
        warm_up = Record()
        rooms: list[Room] = [(str(room.id), await _listen(stack, room, tokens, warm_up)) for room in made]
        await drive(rooms, 50.0, 3.0, warm_up)
        await settle(warm_up, int(150 * options.members))
        say("chat-idle", memory_mb=(memory := stack.memory_mb()), total_mb=round(sum(memory.values()), 1))
        for rate in options.rates:
            record = Record()
            before, began = stack.cpu_seconds(), time.perf_counter()
            sent = await drive(rooms, rate, options.seconds, record)
            took = time.perf_counter() - began
            await settle(record, sent * options.members)
            told = figures(record, options.members, took, before, stack.cpu_seconds())
            say("chat", rooms=options.rooms, members=options.members, rate=rate, **told)
        for task in _tasks:
            task.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
