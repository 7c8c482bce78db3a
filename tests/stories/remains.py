"""Looks for bytes in everything a stack keeps on its disk: every file as it lies there, and packed ones unpacked."""

import os
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow.parquet as pq

PASSING = {"postmaster.pid"}
PIECE_BYTES = 16 << 20
Found = set[Path]


def planted(marks: Sequence[bytes]) -> list[bytes]:
    """The bytes by which `marks` show: as they are, and as PostgreSQL and logs write bytes."""
    return [*marks, *(mark.hex().encode() for mark in marks)]


def on_disk(directory: Path, sought: Sequence[bytes]) -> Found:
    """The files below `directory` that hold any of `sought`, relative to it. What vanishes meanwhile is gone."""
    found = set()
    for path in [Path(place, name) for place, _, names in os.walk(directory) for name in names]:
        try:
            if path.is_file() and path.stat().st_size and _holds(path, sought):
                found.add(path.relative_to(directory))
        except FileNotFoundError:
            continue
    return found


def _holds(path: Path, sought: Sequence[bytes]) -> bool:
    opener: Callable[[Path], bool] = {".parquet": _parquet, ".zip": _zip}.get(path.suffix, _raw)(sought)
    return opener(path)


def _raw(sought: Sequence[bytes]) -> Callable[[Path], bool]:
    # Read, not mapped: a server that cuts its file off meanwhile would kill whoever has it mapped (SIGBUS).
    longest = max(map(len, sought))

    def look(path: Path) -> bool:
        end = b""
        with path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                content = end + piece
                if any(one in content for one in sought):
                    return True
                end = content[-longest:]
        return False

    return look


def _parquet(sought: Sequence[bytes]) -> Callable[[Path], bool]:
    def look(path: Path) -> bool:
        content = repr(pq.read_table(path).to_pylist()).encode()
        return any(one in content for one in sought)

    return look


def _zip(sought: Sequence[bytes]) -> Callable[[Path], bool]:
    def look(path: Path) -> bool:
        with zipfile.ZipFile(path) as archive:
            contents = [archive.read(name) for name in archive.namelist()]
        return any(one in content for one in sought for content in contents)

    return look
