"""People at different gateways behind nginx are in one room; a gateway is killed, gateways are restarted one after
another, and nobody misses a message or hears one twice."""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from commands.application import Commands
from infra.postgres import pool as connect_database
from infra.settings import Settings
from projections.prepare import prepare
from tests.gateway.conftest import Road, World
from tests.gateway.nodes import Nginx, Node
from tests.gateway.person import Person

RESTARTS = int(os.environ.get("YEON_SOAK_RESTARTS", "2"))
OPEN = {f"limit_{name}": "100000/second" for name in ("messages", "frames", "questions", "registrations")}


@dataclass
class Cluster(World):
    """A world whose gateways stand behind nginx."""

    nodes: list[Node] = field(default_factory=list)
    nginx: Nginx = None  # type: ignore[assignment]

    def _somebody(self) -> Person:
        rest = httpx.AsyncClient(base_url=f"https://127.0.0.1:{self.nginx.port}/api", verify=self.nginx.trust)
        return Person(rest, f"wss://127.0.0.1:{self.nginx.port}/ws")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def cluster(
    module_database: str, redis_server_url: str, tmp_path_factory: Any
) -> AsyncIterator[Cluster]:
    directory: Path = tmp_path_factory.mktemp("nodes")
    settings = Settings(data_dir=directory, postgres_url=module_database, redis_url=redis_server_url, **OPEN)  # type: ignore[arg-type]
    shared = {
        "data_dir": str(directory),
        "postgres_url": module_database,
        "redis_url": redis_server_url,
        **OPEN,
    }
    shared["secret"] = "s" * 32
    nodes = [
        Node({f"YEON_{name.upper()}": value for name, value in shared.items()}, directory) for _ in range(2)
    ]
    nginx = Nginx(directory / "nginx", nodes)
    async with connect_database(module_database, "prepare") as pool:
        await prepare(pool)
    commands, road = Commands(settings), Road(settings)
    await commands.start()
    following = asyncio.create_task(road.run())
    people: list[Person] = []
    try:
        await asyncio.gather(*(node.start() for node in nodes))
        await nginx.start()
        yield Cluster(settings, None, commands, road, people, nodes, nginx)  # type: ignore[arg-type]
    finally:
        for one in people:
            await one.close()
        await nginx.stop()
        await asyncio.gather(*(node.kill() for node in nodes))
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await commands.stop()


class Staying:
    """Somebody in a room who comes back whenever the connection ends, as a client does, and remembers all they heard."""

    def __init__(self, cluster: Cluster, who: Person, room: str) -> None:
        self._trust = cluster.nginx.trust
        self._who = who
        self._room = room
        self.heard: list[int] = []
        self.codes: list[int] = []

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            wait = 0.05
            try:
                async with connect(self._who.ws, ssl=self._trust, compression=None) as socket:
                    wait = await self._listen(socket) or wait
                    self.codes.append(socket.close_code or 1006)
            except (OSError, InvalidHandshake, TimeoutError):
                pass  # no gateway answers just now
            await asyncio.sleep(wait)

    async def _listen(self, socket: Any) -> float | None:
        """Take in frames until the end; how long to stay away, in seconds, if that was said."""
        away = None
        last = self.heard[-1] if self.heard else 0
        with suppress(ConnectionClosed):
            for kind, data in (
                ("authenticate", {"token": self._who.tokens["accessToken"]}),
                ("join_room", {"roomId": self._room, "afterSeq": last}),
            ):
                await socket.send(orjson.dumps({"type": kind, "data": data}).decode())
            async for text in socket:
                frame = orjson.loads(text)
                if frame["type"] == "new_message":
                    self.heard.append(frame["data"]["seq"])
                elif frame["type"] == "draining":
                    away = frame["data"]["reconnectAfterMs"] / 1000
        return away


class Talking:
    """Somebody who says one thing after another over REST; what is not answered is said again under the same id."""

    def __init__(self, who: Person, room: str) -> None:
        self._who = who
        self._room = room
        self.said: dict[int, str] = {}

    async def run(self) -> None:
        """Until cancelled."""
        for number in itertools.count():
            words = f"말 {number}"
            message = {"content": words, "clientMsgId": f"c{number}"}
            while True:
                try:
                    answer = await self._who.rest.post(f"/chat-rooms/{self._room}/messages", json=message)
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
                    continue
                if answer.status_code == 201:
                    break
                assert answer.status_code == 503, answer.text
                await asyncio.sleep(0.05)
            self.said[answer.json()["seq"]] = words
            await asyncio.sleep(0.01)

    async def more(self, count: int) -> None:
        """Return once so much more was said."""
        until = len(self.said) + count
        async with asyncio.timeout(60):
            while len(self.said) < until:
                await asyncio.sleep(0.01)


@asynccontextmanager
async def conversation(cluster: Cluster) -> AsyncIterator[tuple[Talking, list[Staying]]]:
    """One who talks and six who listen; in the end all have heard all of it, once and in order."""
    asker, experts = await cluster.person(), [await cluster.expert() for _ in range(3)]
    room = await cluster.room(asker, *experts)
    listening = [Staying(cluster, who, room) for who in (*experts, *experts)]
    talking = Talking(asker, room)
    tasks = [asyncio.create_task(one.run()) for one in (*listening, talking)]
    try:
        await talking.more(20)
        yield talking, listening
        await talking.more(20)
        tasks[-1].cancel()
        await asyncio.wait(tasks[-1:])
        assert tasks[-1].cancelled(), tasks[-1].exception()
        last = max(talking.said)
        history = await asker.until_visible(f"/chat-rooms/{room}/messages?afterSeq=0&limit=1")
        assert history["items"]
        async with asyncio.timeout(30):
            while any(not one.heard or one.heard[-1] < last for one in listening):
                await asyncio.sleep(0.02)
        for one in listening:
            assert one.heard[: one.heard.index(last) + 1] == sorted(talking.said)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_gateway_is_killed_and_nobody_misses_a_message(cluster: Cluster) -> None:
    async with conversation(cluster) as (talking, listening):
        async with asyncio.timeout(20):
            while not all([await node.sockets() for node in cluster.nodes]):
                await asyncio.sleep(0.05)
        await cluster.nodes[0].kill()
        await talking.more(40)
        assert [one for one in listening if 1006 in one.codes], "nobody was at the gateway that was killed"
        await cluster.nodes[0].start()


@pytest.mark.timeout(120 + 30 * RESTARTS)
async def test_gateways_are_restarted_under_load_and_nobody_is_cut_off(cluster: Cluster) -> None:
    async with conversation(cluster) as (talking, listening):
        for number in range(RESTARTS):
            node = cluster.nodes[number % len(cluster.nodes)]
            assert await node.stop() == 0
            await talking.more(20)
            await node.start()
            await talking.more(5)
        left = [code for one in listening for code in one.codes]
        assert set(left) == {1012}
        assert len(left) >= RESTARTS


async def test_what_nginx_answers_itself_is_said_as_we_say_it(cluster: Cluster) -> None:
    async with httpx.AsyncClient(verify=cluster.nginx.trust) as client:
        where = f"https://127.0.0.1:{cluster.nginx.port}"
        assert (await client.get(f"{where}/metrics")).status_code == 404
        assert (await client.get(f"{where}/api/config")).status_code == 200
        somebody = await cluster.person()
        largest = await somebody.rest.post("/questions", content=b"x" * 200_000)
        assert (largest.status_code, largest.json()["code"]) == (413, "too_large")
