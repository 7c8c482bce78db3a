"""The same chat on the stack most teams would build first: Express, Socket.IO with its Redis adapter, PostgreSQL.

PostgreSQL and the Redis-compatible server are the embedded ones of ours, with the same settings. Needs Node and npm.
"""

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import orjson
import psutil
from websockets.asyncio.client import ClientConnection, connect

from bench.open_loop import Numbered, Record, Room, drive, figures, settle
from bench.stack import say
from infra.embedded import Postgres, Valkey
from infra.embedded.ports import any_free

SERVER = Path(__file__).parent / "plain_server"


@dataclass(frozen=True)
class Plain:
    """The running stack."""

    ws: str
    roots: dict[str, int]

    def cpu_seconds(self) -> dict[str, float]:
        """CPU time so far, by process and its children."""
        found = {}
        for name, pid in self.roots.items():
            root = psutil.Process(pid)
            times = [process.cpu_times() for process in (root, *root.children(recursive=True))]
            found[name] = sum(one.user + one.system for one in times)
        return found


@contextmanager
def running() -> Iterator[Plain]:
    """The stack in a temporary directory, until the block ends."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise SystemExit("the plain stack needs Node and npm")
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=SERVER, check=True)
    with tempfile.TemporaryDirectory(prefix="yeon-plain-") as name:
        directory = Path(name)
        postgres = Postgres(directory / "postgres", any_free(), directory / "postgres.log")
        valkey = Valkey(directory / "valkey", any_free(), directory / "valkey.log")
        parts = (postgres, valkey)
        for part in parts:
            part.start()
        node = subprocess.Popen(
            ["node", "server.mjs"],
            cwd=SERVER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"POSTGRES_URL": postgres.url, "REDIS_URL": valkey.url, "NODE_ENV": "production"},
            executable=shutil.which("node"),
        )
        try:
            assert node.stdout is not None
            said = node.stdout.readline()
            if not said:
                raise SystemExit("the plain stack did not start")
            port = json.loads(said)["port"]
            roots = {"node": node.pid}
            roots |= {part.name: part.child.pid for part in parts if part.child is not None}
            yield Plain(f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket", roots)
        finally:
            node.terminate()
            node.wait(10)
            for part in parts:
                part.stop()


class Listener(Numbered):
    """One member's socket: Engine.IO 4 and Socket.IO 5 packets, as much of them as a chat needs."""

    def __init__(self, user_id: str, socket: ClientConnection, record: Record) -> None:
        super().__init__(record)
        self.user_id = user_id
        self.socket = socket
        self.joined = asyncio.Event()
        self._keys: dict[int, str] = {}
        self._next = 1

    async def say(self, room_id: str, key: str, content: str) -> None:
        number, self._next = self._next, self._next + 1
        self._keys[number] = key
        message = {"content": content, "clientMsgId": key}
        said = ["send_message", {"roomId": room_id, "userId": self.user_id, "message": message}]
        await self.socket.send(f"42{number}{orjson.dumps(said).decode()}")

    async def read(self) -> None:
        async for text in self.socket:
            assert isinstance(text, str)
            if text == "2":
                await self.socket.send("3")
            elif text.startswith("42"):
                _, data = orjson.loads(text[2:])
                self.delivered(data["message"]["clientMsgId"], data["roomId"], data["seq"])
            elif text.startswith("43"):
                number = int(text[2 : text.index("[")])
                if number == 0:
                    self.joined.set()
                else:
                    self.acknowledged(self._keys.pop(number))


async def _listen(plain: Plain, room: str, record: Record) -> Listener:
    socket = await connect(plain.ws, compression=None, max_queue=None)
    await socket.recv()
    await socket.send("40")
    await socket.recv()
    listener = Listener(str(uuid4()), socket, record)
    task = asyncio.create_task(listener.read())
    _tasks.add(task)
    await socket.send(f"420{orjson.dumps(['join_room', {'roomId': room}]).decode()}")
    await asyncio.wait_for(listener.joined.wait(), 10)
    return listener


_tasks: set[asyncio.Task[None]] = set()


async def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.plain")
    parser.add_argument("--rooms", type=int, default=40)
    parser.add_argument("--members", type=int, default=5)
    parser.add_argument("--rates", type=float, nargs="+", default=[300.0, 600.0])
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args(arguments or [])
    with running() as plain:
        warm_up = Record()
        rooms: list[Room] = []
        for room in [str(uuid4()) for _ in range(options.rooms)]:
            rooms.append((room, [await _listen(plain, room, warm_up) for _ in range(options.members)]))
        await drive(rooms, 50.0, 3.0, warm_up)
        await settle(warm_up, int(150 * options.members))
        for rate in options.rates:
            record = Record()
            before, began = plain.cpu_seconds(), time.perf_counter()
            sent = await drive(rooms, rate, options.seconds, record)
            took = time.perf_counter() - began
            await settle(record, sent * options.members)
            told = figures(record, options.members, took, before, plain.cpu_seconds())
            say("plain-stack", rooms=options.rooms, members=options.members, rate=rate, **told)
        for task in _tasks:
            task.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
