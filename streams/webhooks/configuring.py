"""Endpoints as an operator adds, changes and removes them, and how each of them gets on."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString

from psycopg import AsyncConnection
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from infra.clock import now
from projections.queries.reading import Pool
from streams.webhooks.endpoint import CONSUMER, BadEndpoint

SECRET_BYTES = 32
_STATES: LiteralString = """
    SELECT e.name, e.url, e.types, p.position, h.position - p.position AS behind, p.succeeded_at, p.failed_at, p.failure,
        (SELECT count(*) FROM ops.webhook_queue q WHERE q.name = e.name) AS waiting,
        (SELECT count(*) FROM ops.webhook_queue q WHERE q.name = e.name AND q.tries > 0) AS failing,
        (SELECT count(*) FROM ops.parked k WHERE k.consumer = %s || e.name) AS parked
    FROM store.webhook_endpoints e JOIN ops.webhook_progress p USING (name) CROSS JOIN store.log_head h ORDER BY name
"""


@dataclass(frozen=True, slots=True)
class State:
    """An endpoint, and how far it is."""

    name: str
    url: str
    types: list[str]
    position: int
    behind: int
    """Positions of the log it has not looked at."""
    succeeded_at: datetime | None
    failed_at: datetime | None
    failure: str
    waiting: int
    """Events that are to be sent, those that failed included."""
    failing: int
    parked: int


async def add(
    pool: Pool, name: str, url: str, types: Sequence[str], after: int | None, secret: bytes | None = None
) -> bytes:
    """Send events after position `after` (None: after the last there is) to `url`. Returns the secret that signs them.

    Raises `BadEndpoint` if the name is taken. The arguments are checked already.
    """
    secret = secret or os.urandom(SECRET_BYTES)
    async with pool.connection() as connection, connection.transaction():
        try:
            await connection.execute(
                "INSERT INTO store.webhook_endpoints (name, url, types) VALUES (%s, %s, %s)",
                (name, url, list(types)),
            )
        except UniqueViolation:
            raise BadEndpoint(f"name: there is an endpoint {name} already") from None
        await connection.execute(
            "INSERT INTO store.webhook_secrets (name, secret) VALUES (%s, %s)", (name, secret)
        )
        await connection.execute(
            "INSERT INTO ops.webhook_progress (name, position)"
            " SELECT %s, least(coalesce(%s, position), position) FROM store.log_head",
            (name, after),
        )
    return secret


async def rotate(pool: Pool, name: str, overlap: timedelta) -> bytes:
    """A new secret; what signed until now signs beside it for `overlap`. Raises `BadEndpoint`."""
    secret = os.urandom(SECRET_BYTES)
    async with pool.connection() as connection, connection.transaction():
        await _there(connection, name)
        await connection.execute(
            "UPDATE store.webhook_secrets SET retires_at = %s WHERE name = %s AND retires_at IS NULL",
            (now() + overlap, name),
        )
        await connection.execute("DELETE FROM store.webhook_secrets WHERE retires_at <= now()")
        await connection.execute(
            "INSERT INTO store.webhook_secrets (name, secret) VALUES (%s, %s)", (name, secret)
        )
    return secret


async def remove(pool: Pool, name: str) -> None:
    """Send nothing more to it, and forget it with all that waits or is parked. Raises `BadEndpoint`."""
    async with pool.connection() as connection, connection.transaction():
        await _there(connection, name)
        for statement, value in (
            ("DELETE FROM ops.webhook_progress WHERE name = %s", name),
            ("DELETE FROM ops.webhook_queue WHERE name = %s", name),
            ("DELETE FROM ops.parked WHERE consumer = %s", CONSUMER + name),
            ("DELETE FROM ops.dropped WHERE consumer = %s", CONSUMER + name),
            ("DELETE FROM store.webhook_endpoints WHERE name = %s", name),
        ):
            await connection.execute(statement.encode(), (value,))


async def states(pool: Pool) -> list[State]:
    """All endpoints."""
    async with pool.connection() as connection, connection.cursor(row_factory=class_row(State)) as cursor:
        await cursor.execute(_STATES, (CONSUMER,))
        return await cursor.fetchall()


async def _there(connection: AsyncConnection[Any], name: str) -> None:
    found = await connection.execute(
        "SELECT FROM store.webhook_endpoints WHERE name = %s FOR UPDATE", (name,)
    )
    if await found.fetchone() is None:
        raise BadEndpoint(f"name: there is no endpoint {name}; `yeon webhook list` shows them")
