"""A whole gateway over a real PostgreSQL and Valkey, with the real commands and views in this process.

Only Kafka is left out: the road follows the event log itself and hands its events to the real projectors.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest_asyncio

from commands.application import Commands
from gateway.app import Gateway, running
from infra.clock import now
from infra.ids import new_id
from infra.log import EventLog
from infra.postgres import pool as connect_database
from infra.push import publish
from infra.redis import connect as connect_redis
from infra.settings import Settings
from projections.prepare import prepare
from projections.runner import apply_batch
from schemas.commands import Command
from schemas.commands.question import AcceptOffer, OfferCandidates
from schemas.envelope import Context, Outcome, Received
from schemas.events.question import Candidate, ModelRef
from schemas.ids import SYSTEM
from tests.gateway.person import Person

MODEL = ModelRef(encoder="test", index="test", ranker="test")


class Road:
    """From the event log to the views and the pushes. It can be held up, and its pushes can be lost."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._at = 0
        self._before: dict[tuple[str, int], int] = {}
        self.open = asyncio.Event()
        self.open.set()
        self.pushing = True

    async def run(self) -> None:
        redis = connect_redis(self._settings.redis_url, "road")
        async with redis, connect_database(self._settings.postgres_url, "road") as pool:
            log = EventLog(pool)
            while True:
                await self.open.wait()
                events = await log.read(self._at, 200)
                batch = []
                for event in events:
                    place = (event.topic, event.partition)
                    batch.append(Received(event, self._before.get(place, 0)))
                    self._before[place] = self._at = event.position
                applied = await apply_batch(pool, batch, log)
                if self.pushing and batch:
                    await publish(redis, applied.pushes, applied.progress)
                if not events:
                    await asyncio.sleep(0.003)


ADDRESSES = itertools.count(int(IPv4Address("10.0.0.1")))
"""Another for each person of any module: modules share a Redis, which counts wrong passwords by address for a minute."""


@dataclass
class World:
    """A gateway, and whoever speaks to it."""

    settings: Settings
    gateway: Gateway
    commands: Commands
    road: Road
    people: list[Person]

    async def person(self, role: str = "both", name: str = "사람") -> Person:
        """Somebody registered and signed in, without a socket yet."""
        one = self._somebody()
        self.people.append(one)
        await one.register(f"p{uuid4().hex[:20]}", role, name)
        return one

    def _somebody(self) -> Person:
        where = self.gateway.websocket
        transport = httpx.ASGITransport(self.gateway.http, client=(str(IPv4Address(next(ADDRESSES))), 1))
        return Person(
            httpx.AsyncClient(transport=transport, base_url="http://yeon.test/api"),
            f"ws://{where.host}:{where.port}/ws",
        )

    async def execute(self, user_id: Any, command: Command) -> Outcome:
        return await self.commands.execute(command, Context(new_id(), user_id, now(), new_id()))

    async def expert(self, name: str = "전문가") -> Person:
        """Somebody with a specialty."""
        one = await self.person("expert", name)
        answer = await one.rest.post(
            "/experts/specialties",
            json={"specialties": [{"name": "파이썬", "level": 5}], "experienceYears": 3, "capacity": 50},
        )
        assert answer.status_code == 200, answer.text
        return one

    async def offered(self, asker: Person, *experts: Person) -> str:
        """A question of `asker` that these experts are offered; its id."""
        question: str = (await asker.ask("파이썬은 어떻게 배우나요?"))["id"]
        candidates = tuple(Candidate(expert_id=expert.id, score=0.9) for expert in experts)
        await self.execute(
            SYSTEM, OfferCandidates(question_id=question, round=1, model=MODEL, candidates=candidates)
        )
        return question

    async def room(self, asker: Person, *experts: Person) -> str:
        """A room of these people; its id."""
        question = await self.offered(asker, *experts)
        rooms = {
            (await self.execute(expert.id, AcceptOffer(question_id=question))).result["roomId"]
            for expert in experts
        }
        (room,) = rooms
        await asker.until_visible(f"/chat-rooms/{room}")
        return room


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(module_database: str, redis_server_url: str, tmp_path_factory: Any) -> AsyncIterator[World]:
    directory: Path = tmp_path_factory.mktemp("gateway")
    settings = Settings(
        data_dir=directory,
        postgres_url=module_database,
        redis_url=redis_server_url,
        ws_port=0,
        limit_messages="1000/second",
        limit_frames="1000/second",
        limit_questions="1000/second",
        limit_registrations="1000/second",
        matcher_url="http://127.0.0.1:9",
        limit_files="1000/second",
        file_bytes=1_000_000,
        socket_buffer_bytes=262_144,
    )
    commands, road = Commands(settings), Road(settings)
    async with connect_database(module_database, "prepare") as pool:
        await prepare(pool)
    await commands.start()
    following = asyncio.create_task(road.run())
    people: list[Person] = []
    try:
        async with running(settings, commands) as gateway:
            yield World(settings, gateway, commands, road, people)
            for one in people:
                await one.close()
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await commands.stop()
