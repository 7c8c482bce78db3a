"""The matcher as a process of its own, with the relay and a broker: killed, and started again."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.embedded import Broker, Part
from infra.embedded.child import with_parent
from infra.embedded.ports import any_free
from infra.kafka import topics
from infra.settings import Settings
from tests.matcher.world import World


@dataclass
class Processes:
    """The relay and the matcher on the test's store."""

    directory: Path
    environment: dict[str, str]
    port: int
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *arguments: str) -> None:
        with (self.directory / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                with_parent([sys.executable, "-m", *arguments]), env=self.environment, stdout=log, stderr=log
            )

    def start_matcher(self) -> None:
        self.start("matcher", "matcher", "serve")

    def end(self, name: str, how: signal.Signals) -> int:
        process = self.running.pop(name)
        process.send_signal(how)
        return process.wait(20)

    def log(self, name: str) -> str:
        return (self.directory / f"{name}.log").read_text()


async def until(condition: Callable[[], Awaitable[Any]], within: float = 150) -> Any:
    deadline = time.monotonic() + within
    while not (found := await condition()):
        assert time.monotonic() < deadline, "not within the time given"
        await asyncio.sleep(0.05)
    return found


@pytest.fixture
def processes(
    world: World, run_part: Callable[[type[Part]], Part], redis_url: str, tmp_path: Path
) -> Iterator[Processes]:
    port = any_free()
    environment = {
        "YEON_DATA_DIR": str(tmp_path / "data"),
        "YEON_POSTGRES_URL": world.url,
        "YEON_KAFKA_URL": run_part(Broker).url,
        "YEON_REDIS_URL": redis_url,
        "YEON_EMBEDDED_BROKER": "true",
        "YEON_MATCHER_PORT": str(port),
    }
    made = Processes(tmp_path, os.environ | environment, port)
    yield made
    for name in list(made.running):
        made.end(name, signal.SIGKILL)


@pytest.fixture
async def matching(world: World, processes: Processes) -> Processes:
    await topics.prepare(Settings(kafka_url=processes.environment["YEON_KAFKA_URL"], postgres_url=world.url))
    processes.start("relay", "streams", "relay")
    processes.start_matcher()
    return processes


async def found(processes: Processes, text: str) -> set[str]:
    """Who is found for `text`; nobody while the endpoint is not there."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{processes.port}", trust_env=False) as client:
        try:
            answer = await client.post("/search", json={"q": text})
        except httpx.TransportError:
            return set()
    return {item["expertId"] for item in answer.json()["items"]}


@pytest.mark.timeout(500)
async def test_a_question_is_matched_over_kafka_and_again_after_a_kill(
    world: World, matching: Processes
) -> None:
    coder = await world.expert({"파이썬": 5}, "느린 쿼리를 봐요.")
    asker = await world.person()
    assert await until(lambda: found(matching, "파이썬")) == {str(coder)}

    first = await world.ask(asker, "파이썬 질문이에요")
    [match] = await until(lambda: world.matched(first))
    assert [candidate.expert_id for candidate in match.candidates] == [coder]

    matching.end("matcher", signal.SIGKILL)
    second = await world.ask(asker, "파이썬이 느려요")
    cook = await world.expert({"한식": 5})
    matching.start_matcher()

    assert len(await until(lambda: world.matched(second))) == 1
    assert len(await world.matched(first)) == 1

    async def everyone_found() -> bool:
        return await found(matching, "요리") == {str(coder), str(cook)}

    await until(everyone_found)
    assert matching.end("matcher", signal.SIGTERM) == 0
    assert "Traceback" not in matching.log("matcher")
