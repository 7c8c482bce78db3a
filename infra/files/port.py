"""The port of a store of files: bytes by owner and id."""

from collections.abc import AsyncIterator
from typing import Protocol
from uuid import UUID


class FileGone(LookupError):
    """There is no such file, or not any more."""


class FilesUnavailable(OSError):
    """The store does not answer, or is full."""


class FileStore(Protocol):
    """Keeps bytes for good. Every method raises `FilesUnavailable` if the store is away."""

    async def put(self, owner: UUID, file_id: UUID, content: bytes) -> None:
        """Keep `content`; once this returns it outlives a crash."""
        ...

    async def get(self, owner: UUID, file_id: UUID) -> bytes:
        """What was put. Raises `FileGone`."""
        ...

    async def remove(self, owner: UUID, file_id: UUID) -> None:
        """Keep it no longer; nothing happens if it is not there."""
        ...

    async def remove_all(self, owner: UUID) -> None:
        """Keep nothing of this owner any longer."""
        ...

    def held(self) -> AsyncIterator[tuple[UUID, UUID]]:
        """Owner and id of everything that is kept, in no order."""
        ...
