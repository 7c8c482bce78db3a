"""Reading credentials, and refresh tokens that work once each.

Of a refresh token only the SHA-256 is kept. Each belongs to a family, begun by signing in; using one gives the next.
Using one twice ends the family, since then somebody else has it too.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool

from infra.clock import now
from infra.ids import new_id

_COLUMNS = "user_id, username, email, password_hash, created_at"
_TAKE = "SELECT family, user_id, expires_at, used_at FROM store.refresh_tokens WHERE digest = %s FOR UPDATE"
_KEEP = "INSERT INTO store.refresh_tokens (digest, family, user_id, expires_at) VALUES (%s, %s, %s, %s)"


_SESSIONS = """
    SELECT family, coalesce(max(used_at), %(none)s) AS used_at, bool_or(digest = %(digest)s) AS current
    FROM store.refresh_tokens WHERE user_id = %(user)s
    GROUP BY family HAVING bool_or(used_at IS NULL AND expires_at > %(now)s)
"""


class RefreshRefused(Exception):
    """The token is not one of ours, ran out, or was used before: then its family has ended."""

    def __init__(self, reason: str, user_id: UUID | None = None, family: UUID | None = None) -> None:
        super().__init__(reason)
        self.user_id = user_id
        self.family = family


@dataclass(frozen=True, slots=True)
class Credential:
    """What somebody signs in with."""

    user_id: UUID
    username: str
    email: str
    password_hash: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A family of refresh tokens that goes on: where somebody is signed in, since when, and when it was last renewed."""

    id: UUID
    since: datetime
    renewed_at: datetime
    current: bool
    """Whether the token that was asked with is of this family."""


class Credentials:
    """Credentials and refresh tokens behind `pool`."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        self._pool = pool

    async def by_username(self, username: str) -> Credential | None:
        """The account of that name."""
        return await self._one(f"SELECT {_COLUMNS} FROM store.credentials WHERE username = %s", username)

    async def by_id(self, user_id: UUID) -> Credential | None:
        """The account of that person."""
        return await self._one(f"SELECT {_COLUMNS} FROM store.credentials WHERE user_id = %s", user_id)

    async def begin(self, user_id: UUID, lifetime: timedelta) -> tuple[UUID, str]:
        """A new family and its first token."""
        family = new_id()
        async with self._pool.connection() as connection:
            return family, await _issue(connection, family, user_id, lifetime)

    async def rotate(self, token: str, lifetime: timedelta) -> tuple[UUID, UUID, str]:
        """Whose the token is, its family, and the next token of it. Raises `RefreshRefused`."""
        async with self._pool.connection() as connection, connection.transaction():
            found = await (await connection.execute(_TAKE, (_digest(token),))).fetchone()
            if found is None:
                raise RefreshRefused("the refresh token is not valid")
            family, user_id, expires_at, used_at = found
            if used_at is None and expires_at > now():
                await connection.execute(
                    "UPDATE store.refresh_tokens SET used_at = %s WHERE digest = %s", (now(), _digest(token))
                )
                return user_id, family, await _issue(connection, family, user_id, lifetime)
            await connection.execute("DELETE FROM store.refresh_tokens WHERE family = %s", (family,))
        raise RefreshRefused(
            "the refresh token was used before, or has run out; sign in again", user_id, family
        )

    async def end(self, user_id: UUID, token: str | None) -> set[UUID]:
        """End the token's family, if it is this person's; without a token, all of theirs. Which were ended."""
        async with self._pool.connection() as connection:
            gone = await connection.execute(
                "DELETE FROM store.refresh_tokens WHERE user_id = %(user)s AND (%(digest)s::bytea IS NULL OR family IN"
                " (SELECT family FROM store.refresh_tokens WHERE digest = %(digest)s)) RETURNING family",
                {"user": user_id, "digest": None if token is None else _digest(token)},
            )
            return {family for (family,) in await gone.fetchall()}

    async def going_on(self, families: Sequence[UUID]) -> list[bool]:
        """Whether each of these families has not been ended."""
        async with self._pool.connection() as connection:
            found = await connection.execute(
                "SELECT DISTINCT family FROM store.refresh_tokens WHERE family = ANY(%s)", (list(families),)
            )
            on = {family for (family,) in await found.fetchall()}
        return [family in on for family in families]

    async def sessions(self, user_id: UUID, token: str | None) -> list[SignedIn]:
        """Where this person is signed in, the one renewed last first. `token` is one's own refresh token."""
        asked = {
            "user": user_id,
            "digest": _digest(token or ""),
            "now": now(),
            "none": datetime.min.replace(tzinfo=UTC),
        }
        async with self._pool.connection() as connection:
            found = await (await connection.execute(_SESSIONS, asked)).fetchall()
        begun = [(family, _begun(family), used_at, current) for family, used_at, current in found]
        said = [SignedIn(family, since, max(since, used), current) for family, since, used, current in begun]
        return sorted(said, key=lambda one: one.renewed_at, reverse=True)

    async def end_session(self, user_id: UUID, family: UUID) -> bool:
        """End one of this person's families; false if there is none of that id."""
        async with self._pool.connection() as connection:
            gone = await connection.execute(
                "DELETE FROM store.refresh_tokens WHERE user_id = %s AND family = %s", (user_id, family)
            )
        return gone.rowcount > 0

    async def _one(self, query: str, value: object) -> Credential | None:
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(Credential)) as cursor,
        ):
            await cursor.execute(query.encode(), (value,))
            return await cursor.fetchone()


async def _issue(connection: AsyncConnection[Any], family: UUID, user_id: UUID, lifetime: timedelta) -> str:
    token = secrets.token_urlsafe(32)
    await connection.execute(_KEEP, (_digest(token), family, user_id, now() + lifetime))
    return token


def _begun(family: UUID) -> datetime:
    """When a family was begun: our ids are UUIDs of version 7, whose first 48 bits are milliseconds (RFC 9562)."""
    return datetime.fromtimestamp((family.int >> 80) / 1_000, UTC)


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
