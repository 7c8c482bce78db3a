"""The keyring: each person's own key, under which their words are sealed in the store.

Keys are cached. A person without a key has none any more (it was erased), and their words read as empty texts. A key
that is made inside an append belongs to the ring only once that append is committed: no event may be sealed with a
key that was never kept.
"""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import AsyncConnection, Connection
from psycopg.rows import tuple_row

CAPACITY = 100_000
"""Keys held at once; about 200 bytes each."""

_SELECT = "SELECT user_id, key FROM store.person_keys WHERE user_id = ANY(%s)"
_INSERT = """
    INSERT INTO store.person_keys (user_id, key) SELECT * FROM unnest(%s::uuid[], %s::bytea[])
    ON CONFLICT (user_id) DO NOTHING
"""


class KeyUnread(LookupError):
    """A key is wanted that this process has not read yet."""


class Keyring:
    """The keys this process has read so far. `of` is the `key_of` of the mapper."""

    def __init__(self) -> None:
        self._keys: dict[UUID, bytes | None] = {}

    def of(self, user_id: UUID) -> bytes | None:
        """The person's key, `None` if it was erased. Raises `KeyUnread` if it has not been read yet."""
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
        keys = {user_id: key for user_id in user_ids if (key := self._keys.get(user_id)) is not None}
        if wanted := [user_id for user_id in user_ids if user_id not in keys]:
            fresh = [AESGCM.generate_key(256) for _ in wanted]
            connection.execute(_INSERT, (wanted, fresh))
            keys |= _selected(connection, wanted)
        return keys

    def keep(self, keys: Mapping[UUID, bytes]) -> None:
        """Take in keys that are committed."""
        self._add(keys, keys)

    def _unread(self, user_ids: Collection[UUID]) -> list[UUID]:
        if len(self._keys) > CAPACITY:
            self._keys.clear()
        return [user_id for user_id in user_ids if user_id not in self._keys]

    def _add(self, user_ids: Collection[UUID], found: Mapping[UUID, bytes]) -> None:
        for user_id in user_ids:
            self._keys[user_id] = found.get(user_id)


def _selected(connection: Connection[Any], user_ids: list[UUID]) -> dict[UUID, bytes]:
    with connection.cursor(binary=True, row_factory=tuple_row) as cursor:
        return dict(cursor.execute(_SELECT, (user_ids,)).fetchall())
