"""A gateway process over a PostgreSQL and a Valkey of its own, for what concerns the gateway alone.

Kafka and its readers are left out: the benchmark follows the event log itself and hands its events to the real
projectors, which publish on the real Redis, as another gateway's would.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from bench.world import World
from infra.embedded import Postgres, Valkey
from infra.embedded.child import with_parent
from infra.embedded.ports import any_free
from infra.log import EventLog
from infra.postgres import pool, prepare
from infra.push import publish
from infra.redis import connect
from infra.settings import Settings
from projections.prepare import prepare as prepare_views
from projections.queries.reading import Pool
from projections.runner import apply_batch
from schemas.envelope import Received

AT_ONCE = 500
"""Events in one transaction of the views."""
NO_LIMITS = {
    f"YEON_LIMIT_{name}": "1000000/second" for name in ("MESSAGES", "FRAMES", "QUESTIONS", "REGISTRATIONS")
}


class Road:
    """From the event log to the views and the pushes."""

    def __init__(self, database: Pool, redis_url: str) -> None:
        self._pool = database
        self._redis = connect(redis_url, "bench-road")
        self._log = EventLog(database)
        self._at = 0
        self._before: dict[tuple[str, int], int] = {}

    async def catch_up(self) -> None:
        """Apply and publish what was appended since the last time."""
        while events := await self._log.read(self._at, AT_ONCE):
            batch = []
            for event in events:
                place = (event.topic, event.partition)
                batch.append(Received(event, self._before.get(place, 0)))
                self._before[place] = self._at = event.position
            applied = await apply_batch(self._pool, batch, self._log)
            await publish(self._redis, applied.pushes, applied.progress)

    async def close(self) -> None:
        """Leave Redis."""
        await self._redis.aclose()


@dataclass(frozen=True)
class Alone:
    """The running gateway and what feeds it."""

    settings: Settings
    port: int
    """Of its WebSocket."""
    process: psutil.Process
    world: World
    road: Road


@asynccontextmanager
async def gateway(**settings: str) -> AsyncIterator[Alone]:
    """The gateway, without limits unless `settings` (by environment name) say so, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="yeon-bench-") as name:
        directory = Path(name)
        postgres = Postgres(directory / "postgres", any_free(), directory / "postgres.log")
        valkey = Valkey(directory / "valkey", any_free(), directory / "valkey.log")
        try:
            for part in (postgres, valkey):
                part.start()
            prepare(postgres.url)
            chosen = Settings(
                data_dir=directory,
                postgres_url=postgres.url,
                redis_url=valkey.url,
                http_port=any_free(),
                ws_port=any_free(),
            )
            async with pool(postgres.url, "bench", least=1, most=4) as database:
                await prepare_views(database)
                road = Road(database, valkey.url)
                child = _started(directory, _environment(chosen) | NO_LIMITS | settings)
                try:
                    await _ready(child, chosen)
                    async with World(chosen) as world:
                        yield Alone(chosen, chosen.ws_port, psutil.Process(child.pid), world, road)
                finally:
                    child.terminate()
                    await asyncio.to_thread(child.wait, 30)
                    await road.close()
        finally:
            for part in (valkey, postgres):
                part.stop()


def _environment(chosen: Settings) -> dict[str, str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith("YEON_")}
    return outside | {
        "YEON_DATA_DIR": str(chosen.data_dir),
        "YEON_POSTGRES_URL": chosen.postgres_url,
        "YEON_REDIS_URL": chosen.redis_url,
        "YEON_HTTP_PORT": str(chosen.http_port),
        "YEON_WS_PORT": str(chosen.ws_port),
        "YEON_LOG_LEVEL": "warning",
    }


def _started(directory: Path, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    with (directory / "gateway.log").open("wb") as log:
        return subprocess.Popen(
            with_parent([sys.executable, "-m", "gateway"]),
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


async def _ready(child: "subprocess.Popen[bytes]", chosen: Settings) -> None:
    async with httpx.AsyncClient() as http:
        for _ in range(600):
            if child.poll() is not None:
                break
            try:
                await http.get(f"http://127.0.0.1:{chosen.http_port}/healthz")
                return
            except httpx.TransportError:
                await asyncio.sleep(0.05)
    raise SystemExit("the gateway did not start")
