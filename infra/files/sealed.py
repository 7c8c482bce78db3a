"""Files sealed under their sender's own key, like their words: without it what is kept is noise.

One AES-GCM box a file (NIST SP 800-38D, 96-bit random nonce), bound to its room, owner and id.
"""

import asyncio
from os import urandom
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from infra.files.port import FileGone, FileStore
from infra.keys import Keyring

AT_ONCE = 4
"""Files held whole in memory at once, as they are and sealed."""
_NONCE = 12


class SealedFiles:
    """What people sent to rooms."""

    def __init__(
        self, store: FileStore, pool: AsyncConnectionPool[AsyncConnection], keys: Keyring | None = None
    ) -> None:
        self._store = store
        self._pool = pool
        self._keys = keys or Keyring()
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def put(self, room_id: UUID, owner: UUID, file_id: UUID, content: bytes) -> None:
        """Keep `content`. Raises `FileGone` if the owner was erased, `FilesUnavailable`."""
        async with self._turns:
            key = await self._key(owner)
            nonce = urandom(_NONCE)
            box = await asyncio.to_thread(
                AESGCM(key).encrypt, nonce, content, _bound_to(room_id, owner, file_id)
            )
            await self._store.put(owner, file_id, nonce + box)

    async def get(self, room_id: UUID, owner: UUID, file_id: UUID) -> bytes:
        """What was put. Raises `FileGone` if it was removed, spoilt or its owner erased, `FilesUnavailable`."""
        async with self._turns:
            key = await self._key(owner)
            raw = await self._store.get(owner, file_id)
            bound = _bound_to(room_id, owner, file_id)
            try:
                return await asyncio.to_thread(AESGCM(key).decrypt, raw[:_NONCE], raw[_NONCE:], bound)
            except InvalidTag:
                raise FileGone(f"{file_id} was changed, or moved here from elsewhere") from None

    async def remove(self, owner: UUID, file_id: UUID) -> None:
        """Keep it no longer. Raises `FilesUnavailable`."""
        await self._store.remove(owner, file_id)

    async def _key(self, owner: UUID) -> bytes:
        async with self._pool.connection() as connection:
            await self._keys.read(connection, [owner])
        key = self._keys.of(owner)
        if key is None:
            raise FileGone(f"nothing of {owner} can be read any more")
        return key


def _bound_to(room_id: UUID, owner: UUID, file_id: UUID) -> bytes:
    return room_id.bytes + owner.bytes + file_id.bytes
