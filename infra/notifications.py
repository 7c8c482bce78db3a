"""How people want to be told while they are away, and the browsers that can be pushed to. Personal: erased with the
account, and in no event."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import time
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool

from infra.ids import new_id
from schemas.base import Language

DEVICES = 10
"""Browsers of one person; with one more the oldest goes."""

_COLUMNS = "mail, push, preview, language, time_zone, quiet_from, quiet_to"
_CHOICES = f"SELECT {_COLUMNS} FROM store.notification_choices WHERE user_id = %s"
_CHOOSE = f"""
    INSERT INTO store.notification_choices (user_id, {_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (user_id) DO UPDATE SET mail = excluded.mail, push = excluded.push, preview = excluded.preview,
        language = excluded.language, time_zone = excluded.time_zone,
        quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to
"""
_MAIL_OFF = """
    INSERT INTO store.notification_choices (user_id, mail)
    SELECT user_id, false FROM store.credentials WHERE user_id = %s
    ON CONFLICT (user_id) DO UPDATE SET mail = false
"""
_SUBSCRIBE = """
    INSERT INTO store.push_subscriptions AS held (endpoint, id, user_id, p256dh, auth) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (endpoint) DO UPDATE SET user_id = excluded.user_id, p256dh = excluded.p256dh,
        auth = excluded.auth, created_at = now()
    RETURNING id
"""
_TRIM = """
    DELETE FROM store.push_subscriptions WHERE user_id = %s AND id NOT IN (
        SELECT id FROM store.push_subscriptions WHERE user_id = %s ORDER BY created_at DESC, id DESC LIMIT %s)
"""
_REACHABLE = """
    SELECT c.user_id FROM store.credentials c LEFT JOIN store.notification_choices n USING (user_id)
    WHERE c.user_id = ANY(%s) AND (coalesce(n.mail, true)
        OR EXISTS (SELECT FROM store.push_subscriptions p WHERE p.user_id = c.user_id))
"""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person chose. Quiet hours are in their own time zone, and may pass midnight; both or neither is given."""

    mail: bool = True
    push: bool = True
    preview: bool = False
    """Whether the first words of what others said may be in a notice."""
    language: Language = "ko"
    time_zone: str = "Asia/Seoul"
    quiet_from: time | None = None
    quiet_to: time | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """A browser that can be pushed to; the keys are in base64url."""

    id: UUID
    endpoint: str
    p256dh: str
    auth: str


@dataclass(frozen=True, slots=True)
class Address:
    """Whom to write to, and how."""

    user_id: UUID
    email: str
    choices: Choices
    subscriptions: tuple[Subscription, ...]


class Notifications:
    """The tables behind `pool`."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        self._pool = pool

    async def choices(self, user_id: UUID) -> Choices:
        """What the person chose, or the defaults."""
        async with self._pool.connection() as connection:
            return await _choices(connection, user_id)

    async def choose(self, user_id: UUID, **changes: Any) -> Choices:
        """Change what is given, keep the rest; the whole as it is now."""
        async with self._pool.connection() as connection, connection.transaction():
            chosen = replace(await _choices(connection, user_id), **changes)
            values = (getattr(chosen, name.strip()) for name in _COLUMNS.split(","))
            await connection.execute(_CHOOSE.encode(), (user_id, *values))
        return chosen

    async def mail_off(self, user_id: UUID) -> None:
        """No mail to this person any more; nothing happens if there is no such account."""
        async with self._pool.connection() as connection:
            await connection.execute(_MAIL_OFF, (user_id,))

    async def subscribe(self, user_id: UUID, endpoint: str, p256dh: str, auth: str) -> UUID:
        """Keep a browser, which is this person's from now on; its id."""
        async with self._pool.connection() as connection, connection.transaction():
            made = await connection.execute(_SUBSCRIBE, (endpoint, new_id(), user_id, p256dh, auth))
            row = await made.fetchone()
            assert row is not None
            await connection.execute(_TRIM, (user_id, user_id, DEVICES))
        subscription_id: UUID = row[0]
        return subscription_id

    async def unsubscribe(self, user_id: UUID, endpoint: str) -> None:
        """Forget a browser of this person, if it is one."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "DELETE FROM store.push_subscriptions WHERE user_id = %s AND endpoint = %s",
                (user_id, endpoint),
            )

    async def unsubscribe_all(self, user_id: UUID) -> None:
        """Forget every browser of this person."""
        async with self._pool.connection() as connection:
            await connection.execute("DELETE FROM store.push_subscriptions WHERE user_id = %s", (user_id,))

    async def gone(self, subscription: Subscription) -> None:
        """Forget a browser that its push service knows no more."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "DELETE FROM store.push_subscriptions WHERE id = %s AND endpoint = %s",
                (subscription.id, subscription.endpoint),
            )

    async def address(self, user_id: UUID) -> Address | None:
        """Where the person can be reached; None if there is no such account any more."""
        async with self._pool.connection() as connection:
            found = await connection.execute(
                "SELECT email FROM store.credentials WHERE user_id = %s", (user_id,)
            )
            row = await found.fetchone()
            if row is None:
                return None
            choices = await _choices(connection, user_id)
            return Address(user_id, row[0], choices, await _subscriptions(connection, user_id))

    async def reachable(self, user_ids: Sequence[UUID]) -> set[UUID]:
        """Those of `user_ids` with an account who can be told in any way."""
        async with self._pool.connection() as connection:
            found = await connection.execute(_REACHABLE, (list(user_ids),))
            return {user_id for (user_id,) in await found.fetchall()}


async def _choices(connection: AsyncConnection[Any], user_id: UUID) -> Choices:
    async with connection.cursor(row_factory=class_row(Choices)) as cursor:
        await cursor.execute(_CHOICES.encode(), (user_id,))
        return await cursor.fetchone() or Choices()


async def _subscriptions(connection: AsyncConnection[Any], user_id: UUID) -> tuple[Subscription, ...]:
    async with connection.cursor(row_factory=class_row(Subscription)) as cursor:
        await cursor.execute(
            "SELECT id, endpoint, p256dh, auth FROM store.push_subscriptions WHERE user_id = %s ORDER BY created_at",
            (user_id,),
        )
        return tuple(await cursor.fetchall())
