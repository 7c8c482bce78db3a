"""Rebuild: events a second from the event store into all views, on a PostgreSQL of its own."""

import asyncio
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.long_log import seed
from bench.stack import say
from infra.embedded import Postgres
from infra.embedded.ports import any_free
from infra.log import EventLog
from infra.postgres import pool as connect
from infra.postgres import prepare
from projections.catalogue import VIEWS
from projections.rebuild import rebuild

EVENTS = 50_000


async def _measure(url: str, count: int) -> dict[str, Any]:
    await asyncio.to_thread(prepare, url)
    async with connect(url, "bench") as pool:
        async with pool.connection() as connection:
            await seed(connection, count)
        began, spent = time.perf_counter(), time.process_time()
        state = await rebuild(pool, EventLog(pool), list(VIEWS.values()))
        seconds, own = time.perf_counter() - began, time.process_time() - spent
    return {
        "events": state.events,
        "parked": len(state.parked),
        "seconds": round(seconds, 3),
        "events_per_second": round(state.events / seconds),
        "own_cpu_seconds": round(own, 3),
    }


async def main() -> None:
    directory = Path(tempfile.mkdtemp(prefix="yeon-bench-"))
    postgres = Postgres(directory / "postgres", any_free(), directory / "postgres.log")
    try:
        await asyncio.to_thread(postgres.start)
        say("rebuild", **await _measure(postgres.url, EVENTS))
    finally:
        await asyncio.to_thread(postgres.stop)
        shutil.rmtree(directory, ignore_errors=True)
