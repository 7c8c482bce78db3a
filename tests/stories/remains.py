"""Looks for bytes in everything a stack keeps on its disk: every file as it lies there, and packed ones unpacked."""

import mmap
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow.parquet as pq

PASSING = {"postmaster.pid"}
Found = set[Path]


def planted(marks: Sequence[bytes]) -> list[bytes]:
    """The bytes by which `marks` show: as they are, and as PostgreSQL and logs write bytes."""
    return [*marks, *(mark.hex().encode() for mark in marks)]


def on_disk(directory: Path, sought: Sequence[bytes]) -> Found:
    """The files below `directory` that hold any of `sought`, relative to it. What vanishes meanwhile is gone."""
    found = set()
    for path in directory.rglob("*"):
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
    def look(path: Path) -> bool:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return any(content.find(one) >= 0 for one in sought)

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
