"""The whole stack as a person would start it (`yeon up`), in a directory of its own, and people who use it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx
import psutil
import pytest
import pytest_asyncio

from infra.embedded.child import with_parent
from tests.stories.otlp import Collector, collecting
from tests.stories.people import Person

READY_SECONDS = 90.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Stack:
    """A running `yeon up`: its addresses, and its processes by role."""

    data_dir: Path
    broker: str
    extra: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    http_port: int = field(default_factory=free_port)
    ws_port: int = field(default_factory=free_port)
    matcher_port: int = field(default_factory=free_port)

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.ws_port}"

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("YEON_")}
        return inherited | {
            "YEON_DATA_DIR": str(self.data_dir),
            "YEON_HTTP_PORT": str(self.http_port),
            "YEON_WS_PORT": str(self.ws_port),
            "YEON_MATCHER_PORT": str(self.matcher_port),
            "YEON_LIMIT_REGISTRATIONS": "100000/hour",
            "YEON_LIMIT_QUESTIONS": "100000/hour",
            "YEON_LIMIT_MESSAGES": "100000/second",
            "YEON_LIMIT_FRAMES": "100000/second",
            "YEON_OFFER_SECONDS_HIGH": "3",
            **self.extra,
        }

    def start(self) -> None:
        output = (self.data_dir / "up.txt").open("ab")
        self.process = subprocess.Popen(
            with_parent([sys.executable, "-m", "infra.cli", "up", "--no-demo", "--broker", self.broker]),
            env=self.environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        output.close()
        deadline = time.monotonic() + READY_SECONDS
        while True:
            if self.process.poll() is not None:
                raise AssertionError(f"yeon up ended: {self.output()}")
            try:
                ready = httpx.get(f"{self.http}/readyz", timeout=5).json()
                if ready["status"] == "ready" and ready["parts"]["matcher"]["ok"]:
                    return
            except httpx.TransportError:
                pass
            if time.monotonic() > deadline:
                raise AssertionError(f"not ready in {READY_SECONDS} s: {self.output()}")
            time.sleep(0.1)

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(30)
        finally:
            if self.process.poll() is None:
                self.process.kill()

    def output(self) -> str:
        return (self.data_dir / "up.txt").read_text()[-4000:]

    def processes(self, words: str) -> list[psutil.Process]:
        """The processes below this `yeon up` whose command line holds `words`."""
        assert self.process is not None
        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            try:
                if words in " ".join(child.cmdline()):
                    found.append(child)
            except psutil.NoSuchProcess:
                continue
        return found

    def kill(self, words: str) -> None:
        """SIGKILL to what runs `words`; there must be something."""
        victims = self.processes(words)
        assert victims, f"nothing runs {words!r}"
        for victim in victims:
            victim.kill()


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    with collecting() as one:
        yield one


@pytest.fixture(scope="session")
def stack(
    tmp_path_factory: pytest.TempPathFactory, broker_kind: str, collector: Collector
) -> Iterator[Stack]:
    """Whatever a client traces is told to the collector."""
    telling = {
        "YEON_OTLP_URL": collector.url,
        "OTEL_TRACES_SAMPLER": "parentbased_always_off",
        "OTEL_BSP_SCHEDULE_DELAY": "200",
    }
    running = Stack(tmp_path_factory.mktemp("stack"), broker_kind, telling)
    running.start()
    yield running
    running.stop()


NewPerson = Callable[..., Awaitable[Person]]


@pytest_asyncio.fixture
async def person(stack: Stack) -> AsyncIterator[NewPerson]:
    """Makes people: `await person("expert", name=…, specialties=[…])`, registered, signed in and connected."""
    everyone: list[Person] = []

    async def make(
        role: str,
        name: str = "",
        specialties: list[tuple[str, int]] | None = None,
        capacity: int = 3,
        bio: str = "",
    ) -> Person:
        one = Person(stack.http, stack.ws)
        everyone.append(one)
        await one.register(f"p{uuid4().hex[:20]}", role, name or f"사람 {len(everyone)}")
        if specialties is not None:
            await one.specialise(specialties, capacity=capacity, bio=bio)
        await one.connect()
        return one

    yield make
    for one in everyone:
        await one.close()


@pytest.fixture
def mortal(tmp_path: Path, broker_kind: str) -> Iterator[Stack]:
    """A stack of its own, for a test that breaks it."""
    running = Stack(tmp_path, broker_kind)
    running.start()
    yield running
    running.stop()


Pair = tuple[Person, Person, str]


@pytest_asyncio.fixture
async def pair(mortal: Stack) -> AsyncIterator[Pair]:
    """An asker, an expert and the room they are in, on the stack that will be broken."""
    asker, expert = Person(mortal.http, mortal.ws), Person(mortal.http, mortal.ws)
    try:
        await asker.register(f"a{uuid4().hex[:12]}", "questioner", "묻는 이")
        await expert.register(f"e{uuid4().hex[:12]}", "expert", "답하는 이")
        await expert.specialise([("시계 수리", 5)], bio="기계식 시계를 고쳐요.")
        await asker.connect()
        await expert.connect()
        question = await asker.ask("기계식 시계가 하루에 오 분씩 늦어요. 어디서 고치나요?")
        await expert.offered(question["id"])
        room = (await expert.send("accept_question", questionId=question["id"]))["roomId"]
        await asker.frame("room_opened", roomId=room)
        await asker.send("join_room", roomId=room)
        await expert.send("join_room", roomId=room)
        yield asker, expert, room
    finally:
        await asker.close()
        await expert.close()
