"""`yeon rebuild` as an operator runs it."""

import asyncio
import os
import sys

from infra.log import EventLog
from projections.queries.reading import Pool
from projections.runner import apply_batch
from tests.projections.test_applying_batches import dump_all
from tests.projections.whole_stories import rich, store


async def run(pool: Pool, redis_url: str, *words: str) -> tuple[int | None, str]:
    environment = {**os.environ, "YEON_POSTGRES_URL": pool.conninfo, "YEON_REDIS_URL": redis_url}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "infra.cli"),
        *words,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


async def test_rebuild_all(pool: Pool, log: EventLog, redis_url: str) -> None:
    history = rich()
    await store(pool, history.events)
    await apply_batch(pool, history.received(), log)
    live = await dump_all(pool)
    async with pool.connection() as connection:
        await connection.execute("DROP SCHEMA views CASCADE")

    code, said = await run(pool, redis_url, "rebuild", "all")

    assert code == 0, said
    assert f"{len(history.events)} events" in said
    assert await dump_all(pool) == live
