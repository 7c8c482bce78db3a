"""Whether this process lives, whether it can serve, and what it counts."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import httpx
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from psycopg import Error as DatabaseError
from redis.exceptions import RedisError
from starlette.responses import Response

from gateway.rest.caller import The, answer
from gateway.services import Services
from projections.queries.progress import operator_counts

router = APIRouter(include_in_schema=False)

PATIENCE_SECONDS = 2.0
LAG = """
WITH relayed AS (SELECT topic, partition, position FROM ops.relay_checkpoints)
SELECT 'relay', (SELECT position FROM store.log_head) - coalesce((SELECT max(position) FROM relayed), 0)
UNION ALL
SELECT t.consumer, max(greatest(coalesce(r.position, 0) - t.position, 0))
FROM ops.tracking t LEFT JOIN relayed r USING (topic, partition) GROUP BY t.consumer
"""
"""By consumer, how many positions it is behind: the relay behind the store, the others behind the relay."""


@router.get("/healthz")
async def alive() -> Response:
    """The process answers."""
    return answer({"status": "ok"})


@router.get("/readyz")
async def ready(the: The) -> Response:
    """Each part, and 503 if the stores that reads and writes need are away. Without Redis or the matcher it still serves."""
    checks = {"database": _database, "redis": _redis, "views": _views, "matcher": _matcher}
    found = await asyncio.gather(*(_part(check(the)) for check in checks.values()))
    parts = dict(zip(checks, found, strict=True))
    fine = parts["database"]["ok"] and parts["views"]["ok"]
    status = "ready" if fine else "not ready"
    return answer({"status": status, "parts": parts}, 200 if fine else 503)


@router.get("/metrics")
async def metrics() -> Response:
    """For Prometheus."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _part(check: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    try:
        return {"ok": True, **await asyncio.wait_for(check, PATIENCE_SECONDS)}
    except (DatabaseError, RedisError, httpx.HTTPError, OSError, TimeoutError) as error:
        return {"ok": False, "error": str(error) or type(error).__name__}


async def _database(the: Services) -> dict[str, Any]:
    async with the.pool.connection() as connection:
        await connection.execute("SELECT 1")
    return {}


async def _redis(the: Services) -> dict[str, Any]:
    await the.redis.ping()
    return {"hearing": the.ear.connected}


async def _matcher(the: Services) -> dict[str, Any]:
    """It answers once its index holds what was known when it started; until then questions wait for it."""
    (await the.matcher.get("/healthz")).raise_for_status()
    return {}


async def _views(the: Services) -> dict[str, Any]:
    counts = await operator_counts(the.pool)
    async with the.pool.connection() as connection:
        found = await (await connection.execute(LAG)).fetchall()
    return {"behind": dict(found), "parked": counts["parked"]}
