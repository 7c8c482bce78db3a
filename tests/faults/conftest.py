"""A Kafka of the test's own, which it may kill, and processes of ours that run until the test ends."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from infra.embedded import Broker, Part
from infra.embedded.child import with_parent


@pytest.fixture
def own_kafka(run_part: Callable[[type[Part]], Part], broker_kind: str) -> Iterator[Part]:
    """A Kafka with nothing in it, of the kind that tests run on."""
    if broker_kind == "embedded":
        part = run_part(Broker)
    else:
        from infra.kafka.apache import ApacheKafka

        part = run_part(ApacheKafka)
    yield part
    part.stop()


@dataclass
class Roles:
    """Starts `python -m …` with the settings of a test; each one's output is in a file under `directory`."""

    directory: Path
    environment: dict[str, str]
    own: dict[tuple[str, ...], dict[str, str]] = field(default_factory=dict)
    """Settings of one role, by its arguments."""
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    arguments: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        log = self.directory / f"{'-'.join(arguments)}-{len(self.arguments)}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                with_parent([sys.executable, "-m", *arguments]),
                env={**os.environ, **self.environment, **self.own.get(arguments, {})},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.running.append(process)
        self.arguments[process.pid] = arguments
        return process

    async def until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Wait until `condition` holds, starting again what gave up, as a supervisor does; fail after `seconds`."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail("\n".join(log.read_text() for log in sorted(self.directory.glob("*.log"))))
            for process in [process for process in self.running if process.poll() == 1]:
                self.running.remove(process)
                self.start(*self.arguments[process.pid])
            await asyncio.sleep(0.05)

    def said(self, *arguments: str) -> str:
        """What all processes of these arguments have written."""
        name = "-".join(arguments)
        return "\n".join(log.read_text() for log in sorted(self.directory.glob(f"{name}-*.log")))


@pytest.fixture
def roles(
    fresh_database: Callable[[], str], own_kafka: Part, broker_kind: str, tmp_path: Path
) -> Iterator[Roles]:
    """Roles on a new database and a Kafka of their own."""
    environment = {
        "YEON_DATA_DIR": str(tmp_path),
        "YEON_POSTGRES_URL": fresh_database(),
        "YEON_KAFKA_URL": own_kafka.url,
        "YEON_EMBEDDED_BROKER": "true" if broker_kind == "embedded" else "false",
    }
    found = Roles(tmp_path, environment)
    yield found
    for process in found.running:
        process.send_signal(signal.SIGTERM)
    for process in found.running:
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for log in sorted(tmp_path.glob("*.log")):  # shown where the test failed
        print(f"--- {log.name}", *log.read_text().splitlines()[-60:], sep="\n")
