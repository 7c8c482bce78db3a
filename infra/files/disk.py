"""Files below a directory: `<last two digits of the owner>/<owner>/<id>`, readable by us alone."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

from infra.files.port import FileGone, FilesUnavailable


class DiskStore:
    """A `FileStore` on a file system, with its slow work on threads."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, owner: UUID, file_id: UUID, content: bytes) -> None:
        """Written beside, flushed, renamed, and the directory flushed: there whole or not at all."""
        await asyncio.to_thread(self._put, self._place(owner) / str(file_id), content)

    async def get(self, owner: UUID, file_id: UUID) -> bytes:
        """What was put."""
        return await asyncio.to_thread(_read, self._place(owner) / str(file_id))

    async def remove(self, owner: UUID, file_id: UUID) -> None:
        """Unlink it."""
        await asyncio.to_thread(_unlink, self._place(owner) / str(file_id))

    async def remove_all(self, owner: UUID) -> None:
        """Remove the owner's directory."""
        await asyncio.to_thread(_remove_tree, self._place(owner))

    async def held(self) -> AsyncIterator[tuple[UUID, UUID]]:
        """By the names of directories and files; what a crash left half written has another name."""
        for place in await asyncio.to_thread(_places, self._root):
            yield place

    def _place(self, owner: UUID) -> Path:
        return self._root / owner.hex[-2:] / str(owner)

    def _put(self, path: Path, content: bytes) -> None:
        beside = path.with_suffix(".new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
            for directory in (path.parent, path.parent.parent, self._root):
                _flush(directory)
        except OSError as error:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
            raise FilesUnavailable(f"a file cannot be kept: {error}") from error


def _places(root: Path) -> list[tuple[UUID, UUID]]:
    try:
        found = [path for path in root.glob("??/*/*") if not path.suffix]
    except OSError as error:
        raise FilesUnavailable(f"files cannot be listed: {error}") from error
    return [(UUID(path.parent.name), UUID(path.name)) for path in found]


def _flush(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise FileGone(path.name) from None
    except OSError as error:
        raise FilesUnavailable(f"a file cannot be read: {error}") from error


def _unlink(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise FilesUnavailable(f"a file cannot be removed: {error}") from error


def _remove_tree(path: Path) -> None:
    try:
        shutil.rmtree(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise FilesUnavailable(f"files cannot be removed: {error}") from error
