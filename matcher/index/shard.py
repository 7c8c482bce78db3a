"""A shard of Qdrant's embedded engine in a directory that one process at a time may open.

The engine's own write-ahead log would lay out 295 MB at once. It is left out: whoever writes flushes before returning
(4 to 10 ms), and after a crash the events above the tracked position are applied again.

The engine only marks what is removed or replaced; its bytes stay in the files. So when somebody was forgotten the whole
shard is written anew beside the old one, by another process (`matcher.index.layout`), and put in its place.
"""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TextIO

import qdrant_edge as qe

from matcher.index.layout import Layout

Write = Callable[[qe.EdgeShard], None]

MADE = "made"
"""Names the directory of the shard that counts, once it is whole."""
STALE = "stale"
"""Is there while the files may hold something of who was forgotten."""


class DirectoryInUse(RuntimeError):
    """Another process has the index open."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"another process has the vector index {directory} open; only one matcher may")


class NotAnew(RuntimeError):
    """The shard could not be written anew; it is as it was."""


class Shard:
    """Opens, writes and closes a shard. A kill between the making of one and its first use leaves nothing that is taken
    for one."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self._path = path
        self._layout = layout
        self._opened: qe.EdgeShard | None = None
        self._held: TextIO | None = None
        self._lock = Lock()
        self._since: list[Write] | None = None
        """What was written since the files were copied that are being written anew."""

    @property
    def opened(self) -> qe.EdgeShard:
        """To read from; what is written goes through `write`."""
        if self._opened is None:
            raise RuntimeError("the index is not open")
        return self._opened

    @property
    def stale(self) -> bool:
        """Whether the files may hold something of who was forgotten."""
        return (self._path / STALE).exists()

    def exists(self) -> bool:
        return self._made.exists()

    def open(self) -> bool:
        """Load the shard, or make it, also in place of one that is open and whose files are gone. One that is open stays
        as it is; whether another one is open now. Raises `DirectoryInUse`."""
        if self._is_open():
            return False
        self._path.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        kept = self._kept if self.exists() else None
        for other in self._path.iterdir():  # of a kill while one was made, or made anew
            if other.is_dir() and other != kept:
                shutil.rmtree(other)
        if kept is not None:
            self._opened = self._layout.load(kept)
            # It holds the whole interpreter for its length, so it runs here, before anyone asks, and nowhere else.
            self._opened.optimize()
            return True
        self._opened = self._layout.create(self._path / "shard")
        self._count("shard")
        return True

    def write(self, change: Write, *, flush: bool = True, forgetting: bool = False) -> None:
        """Let `change` update the shard. It may be called once more, on a copy of the shard, and must find everything
        it needs to know in what it is given. `forgetting` says that it takes away what somebody wanted forgotten."""
        with self._lock:
            if forgetting:
                self._mark()
            change(self.opened)
            if self._since is not None:
                self._since.append(change)
            if flush:
                self.opened.flush()

    def write_anew(self) -> None:
        """Write the shard without anything that was removed or replaced until now. Reads and writes go on meanwhile.

        Raises `NotAnew` if it failed; then it is still `stale`.
        """
        copy, fresh = self._path / "copy", self._path / f"shard-{os.urandom(4).hex()}"
        try:
            with self._lock:
                old = self._kept
                self.opened.flush()
                shutil.copytree(old, copy)
                (self._path / STALE).unlink(missing_ok=True)
                self._since = []
            self._layout.write_anew(copy, fresh)
            with self._lock:
                shard = self._layout.load(fresh)
                for change in self._since:
                    change(shard)
                shard.flush()
                self._count(fresh.name)
                # Whoever reads from the old one keeps it, without its files, until they are done.
                self._opened = shard
        except (OSError, subprocess.SubprocessError, RuntimeError) as error:
            self._mark()
            shutil.rmtree(fresh, ignore_errors=True)
            raise NotAnew(f"{self._path.name} was not written anew: {error}") from error
        finally:
            self._since = None
            shutil.rmtree(copy, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)

    def close(self) -> None:
        with self._lock:
            if self._opened is not None:
                self._opened.flush()
                self._opened.close()
                self._opened = None
        if self._held is not None:
            self._held.close()
            self._held = None

    def drop(self) -> None:
        """Remove the directory, which nobody has open."""
        # First what says that it counts, so that a kill leaves nothing that is taken for a shard.
        self._made.unlink(missing_ok=True)
        shutil.rmtree(self._path, ignore_errors=True)

    @property
    def _made(self) -> Path:
        return self._path / MADE

    @property
    def _kept(self) -> Path:
        return self._path / (self._made.read_text().strip() or "shard")

    def _count(self, name: str) -> None:
        """From now on the shard is the one in the directory of this name."""
        written = self._path / f"{MADE}.new"
        written.write_text(name)
        written.replace(self._made)

    def _mark(self) -> None:
        with suppress(FileNotFoundError):  # of an index that is gone nothing is left
            (self._path / STALE).touch()

    def _is_open(self) -> bool:
        """Whether the shard is open, and the files are there that it was opened with."""
        if self._opened is None or self._held is None or not self.exists():
            return False
        lock = self._path / "lock"
        return lock.exists() and os.path.samestat(lock.stat(), os.fstat(self._held.fileno()))

    def _take_lock(self) -> None:
        lock = (self._path / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise DirectoryInUse(self._path) from None
        if self._held is not None:
            self._held.close()
        self._held = lock
