"""The keyring: each person's own key, under which their words are sealed in the store.

Keys are cached for a minute at most, so that an erased person's are soon in no process any more. A person without a
key has none any more (it was erased), and their words read as empty texts; what is still to be sealed of theirs is
sealed with a key that nobody keeps. A key that is made inside an append belongs to the ring only once that append is
committed: no event may be sealed with a key that was never kept.
"""

import time
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import AsyncConnection, Connection
from psycopg.rows import tuple_row

CAPACITY = 100_000
"""Keys held at once; about 200 bytes each."""
KEEP_SECONDS = 60.0
"""How long a key is held."""
USE_SECONDS = 10.0
"""How long a key that was just read can be used at least."""

_SELECT = "SELECT user_id, key FROM store.person_keys WHERE user_id = ANY(%s)"
_INSERT = """
    INSERT INTO store.person_keys (user_id, key)
    SELECT * FROM unnest(%s::uuid[], %s::bytea[]) AS made (user_id, key)
    WHERE NOT EXISTS (SELECT FROM store.erased_persons AS erased WHERE erased.user_id = made.user_id)
    ON CONFLICT (user_id) DO NOTHING
"""


class KeyUnread(LookupError):
    """A key is wanted that this process has not read yet."""


class Keyring:
    """The keys this process has read so far. `of` is the `key_of` of the mapper."""

    def __init__(self) -> None:
        self._keys: dict[UUID, bytes | None] = {}
        self._until = 0.0
        self._thrown_away: set[UUID] = set()

    def of(self, user_id: UUID) -> bytes | None:
        """The person's key, `None` if it was erased. Raises `KeyUnread` if it has not been read yet."""
        if time.monotonic() > self._until:
            raise KeyUnread(user_id)
        try:
            return self._keys[user_id]
        except KeyError:
            raise KeyUnread(user_id) from None

    def forget(self, user_id: UUID) -> None:
        """Drop a key from this process, after its erasure."""
        self._keys.pop(user_id, None)

    async def read(self, connection: AsyncConnection[Any], user_ids: Collection[UUID]) -> None:
        """Read the keys of `user_ids` that are not known here yet; afterwards `of` knows them all."""
        if wanted := self._unread(user_ids):
            async with connection.cursor(binary=True, row_factory=tuple_row) as cursor:
                await cursor.execute(_SELECT, (wanted,))
                self._add(wanted, dict(await cursor.fetchall()))

    def read_now(self, connection: Connection[Any], user_ids: Collection[UUID]) -> None:
        """As `read`, on a worker thread."""
        if wanted := self._unread(user_ids):
            self._add(wanted, _selected(connection, wanted))

    def make(self, connection: Connection[Any], user_ids: Collection[UUID]) -> dict[UUID, bytes]:
        """Inside an append: the keys of `user_ids`, made where there was none. `keep` them after the commit."""
        self._drop_old()
        keys = {user_id: key for user_id in user_ids if (key := self._keys.get(user_id)) is not None}
        if wanted := [user_id for user_id in user_ids if user_id not in keys]:
            fresh = [AESGCM.generate_key(256) for _ in wanted]
            connection.execute(_INSERT, (wanted, fresh))
            keys |= _selected(connection, wanted)
            self._thrown_away = {user_id for user_id in wanted if user_id not in keys}
            keys |= {user_id: AESGCM.generate_key(256) for user_id in self._thrown_away}
        return keys

    def held(self, user_ids: Collection[UUID]) -> dict[UUID, bytes] | None:
        """The keys of all of `user_ids`, if they have some and it is known here."""
        if self._unread(user_ids):
            return None
        keys = {user_id: key for user_id in user_ids if (key := self._keys.get(user_id)) is not None}
        return keys if len(keys) == len(set(user_ids)) else None

    def keep(self, keys: Mapping[UUID, bytes]) -> None:
        """Take in keys that are committed."""
        kept = {user_id: key for user_id, key in keys.items() if user_id not in self._thrown_away}
        self._thrown_away = set()
        self._add(kept, kept)

    def _unread(self, user_ids: Collection[UUID]) -> list[UUID]:
        self._drop_old()
        return [user_id for user_id in user_ids if user_id not in self._keys]

    def _drop_old(self) -> None:
        if len(self._keys) > CAPACITY or time.monotonic() > self._until - USE_SECONDS:
            self._keys.clear()
            self._until = time.monotonic() + KEEP_SECONDS

    def _add(self, user_ids: Collection[UUID], found: Mapping[UUID, bytes]) -> None:
        for user_id in user_ids:
            self._keys[user_id] = found.get(user_id)


def _selected(connection: Connection[Any], user_ids: list[UUID]) -> dict[UUID, bytes]:
    with connection.cursor(binary=True, row_factory=tuple_row) as cursor:
        return dict(cursor.execute(_SELECT, (user_ids,)).fetchall())
