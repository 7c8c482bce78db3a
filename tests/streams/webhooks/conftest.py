"""A store with people talking, the webhooks' process on it, and a partner's server."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from commands.application import Commands
from infra.embedded.child import with_parent
from infra.postgres import pool as connect
from infra.settings import Settings
from projections.queries.reading import Pool
from tests.commands.writing import Writer
from tests.streams.webhooks.receiving import Partner, serving


@dataclass
class Webhooks:
    """`yeon webhooks`, started and killed by the test, and `yeon webhook …` beside it."""

    url: str
    directory: Path
    environment: dict[str, str] = field(default_factory=dict)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, **settings: object) -> subprocess.Popen[bytes]:
        self.environment |= {f"YEON_{name.upper()}": str(value) for name, value in settings.items()}
        with (self.directory / "webhooks.log").open("ab") as output:
            process = subprocess.Popen(
                with_parent([sys.executable, "-m", "streams.webhooks", "serve"]),
                env={**os.environ, **self._settings},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.running.append(process)
        return process

    async def say(self, *words: str, **environment: str) -> tuple[int, str]:
        """`yeon webhook …`: exit code, and what it printed."""
        return await self._command("webhook", *words, **environment)

    async def parked(self, *words: str) -> tuple[int, str]:
        """`yeon parked …`."""
        return await self._command("parked", *words)

    async def until(self, condition: Callable[[], bool], seconds: float = 20.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(self.log())
            await asyncio.sleep(0.02)

    def log(self) -> str:
        return (self.directory / "webhooks.log").read_text()

    def stop(self) -> None:
        for process in self.running:
            process.send_signal(signal.SIGTERM)
        for process in self.running:
            process.wait(15)

    @property
    def _settings(self) -> dict[str, str]:
        own = {"YEON_POSTGRES_URL": self.url, "YEON_DATA_DIR": str(self.directory), "COLUMNS": "250"}
        return own | {"YEON_WEBHOOK_FIRST_RETRY_SECONDS": "0.05"} | self.environment

    async def _command(self, *words: str, **environment: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "infra.cli", *words),
            env={**os.environ, **self._settings, **environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, said.decode()


@pytest.fixture
def webhooks(fresh_database: Callable[[], str], tmp_path: Path) -> Iterator[Webhooks]:
    found = Webhooks(fresh_database(), tmp_path)
    yield found
    found.stop()


@pytest.fixture
async def pool(webhooks: Webhooks) -> AsyncIterator[Pool]:
    async with connect(webhooks.url, "test") as opened:
        yield opened


@pytest.fixture
async def writer(webhooks: Webhooks) -> AsyncIterator[Writer]:
    commands = Commands(Settings(postgres_url=webhooks.url))
    await commands.start()
    yield Writer(commands)
    await commands.stop()


@pytest.fixture
def partner() -> Iterator[Partner]:
    with serving(Partner()) as found:
        yield found
