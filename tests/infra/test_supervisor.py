"""The supervisor, over real processes: what ends is started again, what keeps ending ends everything."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from infra.embedded.child import Child
from infra.supervisor import DELAYS, QUICK_DEATH_SECONDS, GaveUp, Restarts, Supervisor


@contextlib.asynccontextmanager
async def watching(supervisor: Supervisor, names: list[str]) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(supervisor.watch())
    try:
        yield task
    finally:
        task.cancel()
        await supervisor.stop(names, seconds=1)


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


class Launched:
    """Launches a shell command and remembers each process."""

    def __init__(self, command: str, log: Path) -> None:
        self.children: list[Child] = []
        self._command = command
        self._log = log

    def __call__(self) -> Child:
        self.children.append(Child(["/bin/sh", "-c", self._command], self._log))
        return self.children[-1]


async def test_a_killed_process_is_started_again(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)
    sleeper = Launched("exec sleep 600", tmp_path / "sleeper.log")
    supervisor.keep("sleeper", sleeper)
    async with watching(supervisor, ["sleeper"]):
        sleeper.children[0].send(signal.SIGKILL)
        await until(lambda: len(sleeper.children) == 2)
        assert sleeper.children[1].alive
    assert "sleeper was ended by SIGKILL" in said[0]
    assert not sleeper.children[1].alive


async def test_one_that_keeps_ending_ends_everything_with_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.supervisor.DELAYS", (0.01, 0.01))
    supervisor = Supervisor(lambda _: None)
    broken = Launched("echo no room left; exit 3", tmp_path / "broken.log")
    supervisor.keep("broken", broken)
    async with watching(supervisor, ["broken"]) as watch:
        with pytest.raises(
            GaveUp, match=r"broken ended with exit code 3, 3 times in a row(.|\n)*no room left"
        ):
            await asyncio.wait_for(watch, 10)
    assert len(broken.children) == 3


async def test_stopping_kills_what_will_not_end(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)
    stubborn = Launched("trap '' TERM; echo up; while :; do sleep 1; done", tmp_path / "stubborn.log")
    supervisor.keep("stubborn", stubborn)
    await until(lambda: (tmp_path / "stubborn.log").read_text() == "up\n")
    began = time.monotonic()
    await supervisor.stop(["stubborn"], seconds=0.3)
    assert time.monotonic() - began < 5
    assert not stubborn.children[0].alive
    assert said == ["stubborn did not end within 0 s and was killed"]


def test_each_quick_death_waits_longer_and_the_last_gives_up() -> None:
    restarts = Restarts()
    assert [restarts.after(0.1) for _ in DELAYS] == list(DELAYS)
    assert restarts.after(0.1) is None


def test_a_long_life_forgives_the_deaths_before_it() -> None:
    restarts = Restarts()
    for _ in DELAYS:
        restarts.after(0.1)
    assert restarts.after(QUICK_DEATH_SECONDS) == DELAYS[0]
