"""A whole stack to be told nonsense, with people, questions and rooms in it, and what must hold of it after each run."""

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, settings

from tests.stories.conftest import Stack
from tests.stories.people import Person

SEED = int(os.environ.get("YEON_SOAK_SEED", "1"))
TIMES = int(os.environ.get("YEON_SOAK_FUZZ", "1"))
"""How many times as many examples as in a short run."""
ROOMS = 3
FAULTS = re.compile(r"Traceback|could not be carried out|connection handler failed|never retrieved|Our fault")
MEGABYTE = 1_000_000


def tries(examples: int) -> settings:
    """So many examples for a short run, and no database: the seed alone says what is tried."""
    return settings(
        max_examples=examples * TIMES,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


@dataclass
class Scene:
    """A stack with an asker and an expert who share rooms, and every id that a client could name."""

    stack: Stack
    asker: Person
    expert: Person
    questions: list[str] = field(default_factory=list)
    rooms: list[str] = field(default_factory=list)

    @property
    def ids(self) -> dict[str, list[str]]:
        """Ids that exist, by the names that fields have for them."""
        people = [self.asker.id, self.expert.id]
        return {
            "questionId": self.questions,
            "roomId": self.rooms,
            "expertId": people,
            "userId": people,
            "participantIds": people,
        }

    def gateway(self) -> psutil.Process:
        (found,) = self.stack.processes("-m gateway")
        return found

    def faults(self) -> list[str]:
        """What the roles have written of faults of their own."""
        written = [path.read_text() for path in sorted(Path(self.stack.data_dir).rglob("*.log"))]
        return [
            line
            for text in (*written, self.stack.output())
            for line in text.splitlines()
            if FAULTS.search(line)
        ]

    def sockets(self) -> float:
        text = httpx.get(f"{self.stack.http}/metrics", timeout=10).text
        return next(
            float(line.split()[1]) for line in text.splitlines() if line.startswith("yeon_gateway_sockets ")
        )

    def until(self, condition: Any, what: str, seconds: float = 10) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, what
            time.sleep(0.05)

    @contextmanager
    def unharmed(self) -> Iterator[None]:
        """After the block the same gateway runs, with no fault in the logs, no socket and no file left open."""
        before, sockets, written = self.gateway(), self.sockets(), len(self.faults())
        files = before.num_fds()
        yield
        assert self.gateway().pid == before.pid, "the gateway died"
        faults = self.faults()[written:]
        assert not faults, "\n".join(faults)
        self.until(lambda: self.sockets() <= sockets, "sockets stay open")
        # Pools of connections may have grown, up to their own bound.
        self.until(lambda: before.num_fds() <= files + 24, f"files stay open: {before.num_fds()} of {files}")
        assert httpx.get(f"{self.stack.http}/readyz", timeout=10).status_code == 200


async def _person(stack: Stack, role: str) -> Person:
    one = Person(stack.http, stack.ws)
    await one.register(f"f{uuid4().hex[:16]}", role, "사람")
    return one


async def _room(scene: Scene) -> None:
    question = await scene.asker.ask("기계식 시계가 하루에 오 분씩 늦어요. 어디서 고치나요?")
    async with asyncio.timeout(60):
        while not any(f["data"]["question"]["id"] == question["id"] for f in _offers(scene.expert)):
            await asyncio.sleep(0.02)
    scene.questions.append(question["id"])
    scene.rooms.append((await scene.expert.send("accept_question", questionId=question["id"]))["roomId"])


def _offers(expert: Person) -> list[dict[str, Any]]:
    return [frame for frame in expert.frames if frame["type"] == "question_assigned"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    stack = Stack(
        tmp_path_factory.mktemp("fuzz"),
        "embedded",
        {"YEON_LIMIT_LOGINS": "100000/minute", "YEON_LIMIT_SOCKETS": "1000"},
    )
    await asyncio.to_thread(stack.start)
    found = Scene(stack, await _person(stack, "both"), await _person(stack, "expert"))
    try:
        await found.expert.specialise([("시계 수리", 5)], capacity=50, bio="기계식 시계를 고쳐요.")
        await found.expert.connect()
        for _ in range(ROOMS):
            await _room(found)
        yield found
    finally:
        await found.asker.close()
        await found.expert.close()
        await asyncio.to_thread(stack.stop)
