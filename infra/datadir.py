"""The data directory of one stack: usable, with room on its disk, and owned by one `yeon up` at a time."""

import fcntl
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

from infra.settings import STACK_FILE

LEAST_FREE_BYTES = 512 * 1024 * 1024
"""Qdrant's write-ahead log alone lays out 295 MB."""
ENOUGH_TO_GO_ON_BYTES = 32 * 1024 * 1024
"""Below this everything stops in order, before a server is ended in the middle of a write."""
LOG_BYTES = 10 * 1024 * 1024


class DataDirUnusable(Exception):
    """The message is a sentence for a person."""


class DataDir:
    """The directory while this process owns it.

    Every child inherits the lock's descriptor, so the lock lasts until the last of them has ended: a `yeon up`
    that follows a killed one waits for the servers that are still writing their last.
    """

    def __init__(self, path: Path, *, patience: float = 20.0) -> None:
        """Takes the lock. Raises DataDirUnusable."""
        self.path = path.absolute()
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
            (self.path / "run").mkdir(exist_ok=True)
            self.lock = os.open(self.path / "run" / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise DataDirUnusable(_why(self.path, error)) from error
        self._take(patience)
        self.check_space(LEAST_FREE_BYTES)
        self._stack.unlink(missing_ok=True)
        self._turn_logs()

    @property
    def logs(self) -> Path:
        return self.path / "log"

    def check_space(self, least: int = ENOUGH_TO_GO_ON_BYTES) -> None:
        """Raises DataDirUnusable if its disk has less than `least` bytes left."""
        check_space(shutil.disk_usage(self.path).free, least, self.path)

    def publish(self, stack: dict[str, Any]) -> None:
        """Writes the addresses of what runs, for every other `yeon` command; readable by the owner only."""
        new = self._stack.with_suffix(".new")
        new.unlink(missing_ok=True)
        new.touch(mode=0o600)
        new.write_text(json.dumps(stack, indent=1))
        new.replace(self._stack)

    def release(self) -> None:
        """Takes the addresses back and lets go of the lock."""
        self._stack.unlink(missing_ok=True)
        os.close(self.lock)

    @property
    def _stack(self) -> Path:
        return self.path / STACK_FILE

    def _take(self, patience: float) -> None:
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                holder = int(os.pread(self.lock, 20, 0) or b"0")
                if holder and _runs(holder):
                    raise DataDirUnusable(
                        f"{self.path} is in use by another `yeon up` (process {holder}); stop that one, or set "
                        "YEON_DATA_DIR to another directory."
                    ) from None
            if time.monotonic() > deadline:
                raise DataDirUnusable(
                    f"{self.path} is still held by servers that an ended `yeon up` (process {holder}) had started."
                )
            time.sleep(0.05)
        os.ftruncate(self.lock, 0)
        os.pwrite(self.lock, str(os.getpid()).encode(), 0)

    def _turn_logs(self) -> None:
        for log in self.logs.glob("*.log"):
            if log.stat().st_size > LOG_BYTES:
                log.replace(log.with_suffix(".log.1"))


def check_space(free: int, least: int, path: Path) -> None:
    """Raises DataDirUnusable if `free` bytes are less than `least`."""
    if free < least:
        raise DataDirUnusable(
            f"The disk of {path} is full: {free // 2**20} MB are free and {least // 2**20} are needed. "
            "Free some, or set YEON_DATA_DIR to a directory on another disk."
        )


def _why(path: Path, error: OSError) -> str:
    reason = (error.strerror or str(error)).lower()
    return f"The data directory {path} cannot be written ({reason}); set YEON_DATA_DIR to one that can."


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
