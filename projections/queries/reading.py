"""Running one statement against the views, and the opaque cursors of paged lists."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import orjson
from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

Pool = AsyncConnectionPool[AsyncConnection[Any]]
Row = dict[str, Any]


class BadCursor(ValueError):
    """The cursor is none that we gave."""


async def rows(pool: Pool, statement: LiteralString, parameters: dict[str, Any]) -> list[Row]:
    """All rows of `statement`."""
    async with pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, parameters)
        return await cursor.fetchall()


async def row(pool: Pool, statement: LiteralString, parameters: dict[str, Any]) -> Row | None:
    """The first row of `statement`, if there is one."""
    found = await rows(pool, statement, parameters)
    return found[0] if found else None


def array(values: Iterable[UUID | int]) -> str:
    """`values` as the text of a PostgreSQL array, to be cast: the driver takes five times as long over a list of them."""
    return "{" + ",".join(map(str, values)) + "}"


def to_cursor(*values: object) -> str:
    """Where a page ended, as clients carry it."""
    return urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def from_moment(cursor: str | None) -> tuple[str | None, str | None]:
    """Where a page ended that goes by times and ids, both as texts; nothing without a cursor. Raises `BadCursor`."""
    if not cursor:
        return None, None
    moment, named = from_cursor(cursor, 2)
    try:
        datetime.fromisoformat(moment)
        UUID(named)
    except (TypeError, ValueError, AttributeError) as error:
        raise BadCursor("not a cursor of this list") from error
    return moment, named


def from_cursor(cursor: str, length: int) -> Sequence[Any]:
    """The `length` values that `to_cursor` was given, as texts and numbers; raises `BadCursor`."""
    try:
        values = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError as error:
        raise BadCursor("not a cursor of ours") from error
    if not isinstance(values, list) or len(values) != length:
        raise BadCursor("not a cursor of this list")
    return values
