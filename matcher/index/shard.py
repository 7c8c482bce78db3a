"""A shard of Qdrant's embedded engine in a directory that one process at a time may open.

The engine's own write-ahead log would lay out 295 MB at once. It is left out: whoever writes flushes before returning
(4 to 10 ms), and after a crash the events above the tracked position are applied again.
"""

import fcntl
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

import qdrant_edge as qe


class DirectoryInUse(RuntimeError):
    """Another process has the index open."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"another process has the vector index {directory} open; only one matcher may")


class Shard:
    """Opens and closes a shard; a kill between its making and its first use leaves nothing that is taken for one."""

    def __init__(self, path: Path, config: qe.EdgeConfig, fields: Mapping[str, qe.PayloadSchemaType]) -> None:
        """`fields` are the payload keys that searches filter by."""
        self._path = path
        self._config = config
        self._fields = fields
        self._opened: qe.EdgeShard | None = None
        self._lock: TextIO | None = None

    @property
    def opened(self) -> qe.EdgeShard:
        if self._opened is None:
            raise RuntimeError("the index is not open")
        return self._opened

    def exists(self) -> bool:
        return self._made_mark.exists()

    def open(self) -> None:
        """Load the shard, or make it, also in place of one that is open and whose files are gone. Raises
        `DirectoryInUse`."""
        self._path.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        shard = self._path / "shard"
        if self.exists():
            self._opened = qe.EdgeShard.load(str(shard), self._config)
            # It holds the whole interpreter for its length, so it runs here, before anyone asks, and nowhere else.
            self._opened.optimize()
            return
        if shard.exists():  # a kill came between its making and the mark
            shutil.rmtree(shard)
        shard.mkdir()
        self._opened = qe.EdgeShard.create(str(shard), self._config)
        for key, kind in self._fields.items():
            self._opened.update(qe.UpdateOperation.create_field_index(key, kind))
        self._opened.flush()
        self._made_mark.touch()

    def close(self) -> None:
        if self._opened is not None:
            self._opened.flush()
            self._opened.close()
            self._opened = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @property
    def _made_mark(self) -> Path:
        return self._path / "made"

    def _take_lock(self) -> None:
        lock = (self._path / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise DirectoryInUse(self._path) from None
        if self._lock is not None:
            self._lock.close()
        self._lock = lock
