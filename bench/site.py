"""Parts and roles of its own for a benchmark, on a log that is there already: each role can be killed and started."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg

from bench.long_log import seed
from infra.embedded import Broker, Part, Postgres, Valkey
from infra.embedded.child import with_parent
from infra.embedded.ports import any_free
from infra.kafka import topics
from infra.log import EventLog
from infra.postgres import pool as connect
from infra.postgres import prepare
from infra.settings import Settings
from projections.catalogue import VIEWS
from projections.rebuild import rebuild

PATIENCE_SECONDS = 600.0
ROLES = {
    "relay": ("streams", "relay"),
    "streams": ("streams", "worker"),
    "matcher": ("matcher", "serve"),
    "gateway": ("gateway",),
}
RELAYED = "SELECT (SELECT position FROM store.log_head) - (SELECT position FROM ops.relay_head)"
APPLIED = """
SELECT coalesce(sum(greatest(r.position - t.position, 0)), 0)
FROM ops.tracking t JOIN ops.relay_checkpoints r USING (topic, partition) WHERE t.consumer LIKE
"""
_SEEN = """
    INSERT INTO ops.tracking (consumer, topic, partition, position)
    SELECT %s, topic, partition, position FROM ops.relay_checkpoints WHERE topic = %s ON CONFLICT DO NOTHING
"""


@dataclass
class Site:
    """The parts, and the roles that run on them."""

    directory: Path
    settings: Settings
    store: psycopg.Connection[Any]
    """Asked a hundred times a second, like `client`: making either anew each time takes a tenth of a core or more."""
    client: httpx.AsyncClient
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    modules: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(ROLES))
    """What is run for each role."""

    def start(self, role: str) -> None:
        environment = {
            **os.environ,
            **{
                f"YEON_{name.upper()}": str(getattr(self.settings, name))
                for name in (
                    "postgres_url",
                    "kafka_url",
                    "redis_url",
                    "data_dir",
                    "http_port",
                    "ws_port",
                    "matcher_port",
                )
            },
            "YEON_EMBEDDED_BROKER": "true",
        }
        with (self.directory / f"{role}.log").open("ab") as log:
            self.running[role] = subprocess.Popen(
                with_parent([sys.executable, "-m", *self.modules[role]]),
                env=environment,
                stdout=log,
                stderr=log,
            )

    def kill(self, role: str) -> None:
        process = self.running.pop(role)
        process.kill()
        process.wait()

    def memory_mb(self, role: str) -> float:
        process = psutil.Process(self.running[role].pid)
        return round(sum(p.memory_full_info().uss for p in (process, *process.children())) / 1e6, 1)

    def query(self, statement: str) -> int:
        row = self.store.execute(statement.encode()).fetchone()
        return int(row[0]) if row else 0

    def consumers(self, like: str) -> list[tuple[str, str]]:
        """The consumers of such a name that have taken anything, each with its topics."""
        query = "SELECT DISTINCT consumer, topic FROM ops.tracking WHERE consumer LIKE %s"
        return self.store.execute(query, (like,)).fetchall()

    def have_seen(self, consumers: list[tuple[str, str]]) -> None:
        """Note that these consumers have taken all that is published on these topics."""
        with self.store.cursor() as cursor:
            cursor.executemany(_SEEN, consumers)

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not await condition():
            if time.monotonic() > deadline:
                raise SystemExit("nothing came of it")
            for role, process in self.running.items():
                if process.poll() is not None:
                    log = (self.directory / f"{role}.log").read_text()
                    raise SystemExit(f"{role} ended by itself: {log[-2000:]}")
            await asyncio.sleep(0.01)

    async def relayed(self) -> bool:
        return self.query(RELAYED) == 0

    async def caught_up(self, consumers: str = "%") -> bool:
        """Whether all is published, and taken by every consumer of such a name."""
        return await self.relayed() and self.query(f"{APPLIED} '{consumers}'") == 0

    async def answers(self, port: int, path: str) -> bool:
        try:
            return (await self.client.get(f"http://127.0.0.1:{port}{path}")).status_code == 200
        except httpx.TransportError:
            return False


@asynccontextmanager
async def laid_out(events: int, kept: Path | None = None) -> AsyncIterator[Site]:
    """Parts with a log of so many events, views built, topics empty; nothing else runs.

    In the directory `kept`, if one is given, all stays when the block ends, and is found again by the next.
    """
    with tempfile.TemporaryDirectory(prefix="yeon-bench-") if kept is None else nullcontext(kept) as found:
        directory = Path(found)
        done = directory / "laid-out"
        parts: list[Part] = []
        try:
            for kind in (Postgres, Valkey, Broker):
                name = kind.__name__.lower()
                parts.append(kind(directory / name, any_free(), directory / f"{name}.log"))
                parts[-1].start()
            postgres, valkey, broker = parts
            settings = Settings(
                postgres_url=postgres.url,
                kafka_url=broker.url,
                redis_url=valkey.url,
                data_dir=directory,
                embedded_broker=True,
                http_port=any_free(),
                ws_port=any_free(),
                matcher_port=any_free(),
            )
            prepare(postgres.url)
            if not done.exists():
                async with connect(postgres.url, "bench") as pool:
                    async with pool.connection() as connection:
                        await seed(connection, events)
                    await rebuild(pool, EventLog(pool), list(VIEWS.values()))
                done.touch()
            await topics.prepare(settings)
            with psycopg.connect(postgres.url, autocommit=True) as store:
                async with httpx.AsyncClient(timeout=2) as client:
                    site = Site(directory, settings, store, client)
                    try:
                        yield site
                    finally:
                        for role in list(site.running):
                            site.kill(role)
        finally:
            for part in reversed(parts):
                part.stop()
