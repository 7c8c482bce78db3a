"""Whether this process lives, whether it can serve, and what is in order around it; the same as metrics."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from psycopg import Error as DatabaseError
from redis.exceptions import RedisError
from starlette.responses import Response

from gateway.rest.caller import The, answer
from gateway.services import Services
from gateway.standing import Flow, longest
from infra.clock import now
from infra.lag import read_lags
from projections.queries.fairness import fairness
from projections.queries.progress import operator_counts

router = APIRouter(include_in_schema=False)
Check = Callable[[Services], Awaitable[dict[str, Any]]]

PATIENCE_SECONDS = 2.0
STANDING_SECONDS = 5.0
"""Whoever is behind and has not moved for so long is out of order."""
FAILED_SECONDS = 10.0
"""For so long a command that the store did not take is told of."""
AUDIT = "SELECT part, position FROM ops.differences UNION ALL SELECT '', audited FROM ops.audit"

UP = Gauge("yeon_up", "1 for a part that is in order, as on /readyz.", ["part"])
LOOK = Gauge("yeon_look_seconds", "How long the part took to answer when it was last looked at.", ["part"])
BEHIND = Gauge("yeon_behind", "Positions of the log that are still to be done.", ["consumer", "topic"])
STANDS = Gauge("yeon_standing_seconds", "How long what is behind has not moved.", ["consumer", "topic"])
PARKED = Gauge("yeon_parked", "Events that wait for somebody to look at them.", ["consumer"])
AUDITED = Gauge(
    "yeon_audited_position",
    "Store and views were compared as far as this position of the log, the newest first.",
)
DIFFERS = Gauge("yeon_differs_at", "The position of the first difference that the audit found.", ["part"])
FAIRNESS = {
    "lists": Gauge("yeon_match_lists", "Lists of five experts made for the questions of the last day."),
    "topShare": Gauge("yeon_match_top_share", "Share of those lists with the expert who stands in most."),
    "exploredShare": Gauge(
        "yeon_match_explored_share", "Share of the places in those lists given to somebody new."
    ),
    "exploredAcceptance": Gauge(
        "yeon_match_explored_acceptance",
        "Share of those who accepted, of whoever answered or let it run out.",
    ),
}
"""By name in `projections.queries.fairness`; NaN of nothing."""


@router.get("/healthz")
async def alive() -> Response:
    """The process answers."""
    return answer({"status": "ok"})


@router.get("/readyz")
async def ready(the: The) -> Response:
    """Each part, and 503 if the stores that reads and writes need are away. Without the others it still serves."""
    parts = await look(the)
    fine = parts["database"]["ok"] and parts["views"]["ok"]
    return answer({"status": "ready" if fine else "not ready", "parts": parts}, 200 if fine else 503)


@router.get("/metrics")
async def metrics(the: The) -> Response:
    """For Prometheus; the parts are looked at anew."""
    await asyncio.gather(look(the), _part(the, "fairness", _fairness))
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def look(the: Services) -> dict[str, dict[str, Any]]:
    """Every part, with `ok`; the gauges are set to the same."""
    checks: dict[str, Check] = {
        "database": _database,
        "redis": _redis,
        "views": _views,
        "matcher": _matcher,
        "audit": _audit,
    }
    found = await asyncio.gather(*(_part(the, name, check) for name, check in checks.items()))
    parts = dict(zip(checks, found, strict=True))
    standing = parts["views"].get("standing", {})
    still = {name: seconds for name, seconds in standing.items() if seconds > STANDING_SECONDS}
    parts["flow"] = {"ok": parts["views"]["ok"] and not still, "standing": still}
    parts["writes"] = _writes(the)
    for name, part in parts.items():
        UP.labels(name).set(part["ok"])
    return parts


async def _part(the: Services, name: str, check: Check) -> dict[str, Any]:
    """A check that does not end is left alone and not made again before it has: cancelling it would wait as well."""
    found = the.checks.get(name)
    if found is None or found.done():
        found = the.checks[name] = asyncio.create_task(_tried(check(the)))
    began = time.monotonic()
    await asyncio.wait({found}, timeout=PATIENCE_SECONDS)
    LOOK.labels(name).set(time.monotonic() - began)
    return found.result() if found.done() else {"ok": False, "error": "it does not answer"}


async def _tried(check: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    try:
        return {"ok": True, **await check}
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
    """It answers once its index holds what was known when it started, and says which index is away; meanwhile questions
    wait for it."""
    answer = await the.matcher.get("/readyz")
    if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        raise ConnectionError("; ".join(f"{name}: {what}" for name, what in answer.json()["indexes"].items()))
    answer.raise_for_status()
    return {}


async def _fairness(the: Services) -> dict[str, Any]:
    found = await fairness(the.pool, now() - timedelta(days=1))
    for name, gauge in FAIRNESS.items():
        gauge.set(math.nan if found[name] is None else found[name])
    return {}


async def _views(the: Services) -> dict[str, Any]:
    counts = await operator_counts(the.pool)
    async with the.pool.connection() as connection:
        lags = await read_lags(connection)
    flows = [Flow((lag.consumer, lag.topic), lag.waiting) for lag in lags]
    standing = the.standing.look(flows, time.monotonic())
    for gauge in (BEHIND, STANDS, PARKED):
        gauge.clear()
    for lag in lags:
        BEHIND.labels(lag.consumer, lag.topic).set(lag.behind)
        STANDS.labels(lag.consumer, lag.topic).set(standing.get((lag.consumer, lag.topic), 0.0))
    for consumer, parked in counts["parked"].items():
        PARKED.labels(consumer).set(parked)
    return {
        "lag": [
            {
                "consumer": lag.consumer,
                "topic": lag.topic,
                "behind": lag.behind,
                "partitions": lag.partitions_behind,
            }
            for lag in lags
        ],
        "standing": {name: round(seconds, 1) for name, seconds in longest(standing).items()},
        "parked": counts["parked"],
    }


def _writes(the: Services) -> dict[str, Any]:
    """Whether commands are carried out, as far as any came: a full disk lets everything be read."""
    at = the.executor.unavailable_at
    return {"ok": at is None or time.monotonic() - at > FAILED_SECONDS}


async def _audit(the: Services) -> dict[str, Any]:
    async with the.pool.connection() as connection:
        found = dict(await (await connection.execute(AUDIT)).fetchall())
    AUDITED.set(found.pop("", 0))
    DIFFERS.clear()
    for part, position in found.items():
        DIFFERS.labels(part).set(position)
    return {"ok": not found, "differences": found}
